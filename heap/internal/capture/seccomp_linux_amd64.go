package capture

// auditArch is how the kernel calls this architecture (linux/audit.h). System
// calls of the x32 kind have it too, but numbers that are not allowed.
const auditArch = 0xc000003e
