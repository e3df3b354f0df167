package capture

// auditArch is how the kernel calls this architecture (linux/audit.h).
const auditArch = 0xc00000b7
