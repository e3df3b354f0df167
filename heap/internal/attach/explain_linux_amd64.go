package attach

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
)

// explain says why a process cannot be read, and what to do.
func explain(pid int, err error) error {
	status, statusErr := os.ReadFile(procFile(pid, "status"))
	s := parseStatus(string(status))
	switch {
	case errors.Is(statusErr, fs.ErrNotExist):
		return fmt.Errorf("process %d: %w; a process of another container is only seen from its host, or with a shared PID namespace", pid, ErrNoProcess)
	case errors.Is(err, errEnded), hasEnded(pid):
		return fmt.Errorf("process %d: %w: it has ended", pid, ErrNoProcess)
	case strings.HasPrefix(s["State"], "Z"):
		return fmt.Errorf("process %d: %w", pid, errEnding)
	case errors.Is(err, fs.ErrNotExist) && s["VmSize"] == "":
		return fmt.Errorf("process %d: %w: it is a thread of the kernel", pid, ErrNotGo)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("process %d: %w: %s", pid, ErrNotAllowed, strings.Join(hindrances(s), "; "))
	}
	return fmt.Errorf("process %d: %w", pid, err)
}

// parseStatus takes /proc/PID/status apart.
func parseStatus(text string) map[string]string {
	s := map[string]string{}
	for line := range strings.Lines(text) {
		name, value, _ := strings.Cut(line, ":")
		s[name] = strings.TrimSpace(value)
	}
	return s
}

// hindrances are what keeps this process from tracing one with the given status.
func hindrances(s map[string]string) (list []string) {
	if tracer := s["TracerPid"]; tracer != "" && tracer != "0" {
		list = append(list, "process "+processOf(tracer)+" traces it already, a debugger perhaps; there can be only one")
	}
	if uid, _, _ := strings.Cut(s["Uid"], "\t"); uid != "" && uid != strconv.Itoa(os.Getuid()) {
		list = append(list, fmt.Sprintf("it belongs to user %s and this is user %d: be that user, or root", uid, os.Getuid()))
	}
	if scope, err := os.ReadFile("/proc/sys/kernel/yama/ptrace_scope"); err == nil {
		switch strings.TrimSpace(string(scope)) {
		case "1", "2":
			list = append(list, "kernel.yama.ptrace_scope is "+strings.TrimSpace(string(scope))+": only root may trace, or who has CAP_SYS_PTRACE")
		case "3":
			list = append(list, "kernel.yama.ptrace_scope is 3: nobody may trace until the system starts again")
		}
	}
	if !hasPtrace() {
		list = append(list, "this process lacks CAP_SYS_PTRACE (docker: --cap-add=SYS_PTRACE; Kubernetes: securityContext.capabilities.add [SYS_PTRACE]; sudo)")
	}
	if len(list) == 0 {
		list = append(list, "a seccomp filter or a security module of this system forbids it: see docs/why.md#any-process")
	}
	return list
}

// processOf is the process of a thread, with its name.
func processOf(thread string) string {
	b, err := os.ReadFile("/proc/" + thread + "/status")
	if err != nil {
		return thread
	}
	s := parseStatus(string(b))
	return s["Tgid"] + " (" + s["Name"] + ")"
}

// hasPtrace says whether this process has the capability to trace others.
func hasPtrace() bool {
	own, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return false
	}
	const sysPtrace = 19
	caps, err := strconv.ParseUint(parseStatus(string(own))["CapEff"], 16, 64)
	return err == nil && caps>>sysPtrace&1 != 0
}
