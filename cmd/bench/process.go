package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a server in a child process.
type process struct {
	command *exec.Cmd
	log     *os.File
	begun   time.Time
	address string // host:port
}

// patience is the time limit for any step of a child.
const patience = 30 * time.Second

// start starts a program that prints the URL it serves at the end of a line on its standard output.
func start(dir, program string, args ...string) (*process, error) {
	log, err := os.CreateTemp(dir, filepath.Base(program)+"-*.log")
	if err != nil {
		return nil, err
	}
	p := &process{command: exec.Command(program, args...), log: log}
	p.command.Stderr = log // a file, so that logging costs as much as in production
	p.command.Env = plainEnvironment()
	out, err := p.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p.begun = time.Now()
	if err := p.command.Start(); err != nil {
		return nil, err
	}
	lines := bufio.NewReader(out)
	line, err := lines.ReadString('\n')
	_, address, found := strings.Cut(strings.TrimSpace(line), "http://")
	if err != nil || !found {
		return nil, errors.Join(fmt.Errorf("%s did not start: %s", program, p.said()), p.stop())
	}
	p.address = address
	go io.Copy(io.Discard, lines) // ends with the child
	return p, nil
}

// plainEnvironment returns this process's environment without the portal's settings.
func plainEnvironment() []string {
	var kept []string
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "PORTAL_") {
			kept = append(kept, pair)
		}
	}
	return kept
}

// said returns the end of the child's log.
func (p *process) said() string {
	text, err := os.ReadFile(p.log.Name())
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-2000):])
}

// stop ends the child gracefully.
func (p *process) stop() error {
	err := p.command.Process.Signal(syscall.SIGTERM)
	late := time.AfterFunc(patience, func() { _ = p.command.Process.Kill() })
	defer late.Stop()
	return errors.Join(err, p.command.Wait(), p.log.Close())
}

// answers waits for a 200 from the path and returns how long after the start it came.
func (p *process) answers(ctx context.Context, path string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		status, err := status(ctx, "http://"+p.address+path)
		if err == nil && status == 200 {
			return time.Since(p.begun), nil
		}
		if ctx.Err() != nil {
			return 0, fmt.Errorf("no 200 at %s: status %d, %w; %s", path, status, err, p.said())
		}
	}
}

// cpu returns the CPU time that the child has used so far, in ticks of 10 ms.
func (p *process) cpu() (time.Duration, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.command.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("CPU time can be read on Linux only: %w", err)
	}
	// The name in the second field may contain spaces. After its bracket, utime and stime are fields 14 and
	// 15 of proc(5).
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	const before = 3 // fields that were cut off
	user, err1 := strconv.ParseInt(fields[14-before], 10, 64)
	system, err2 := strconv.ParseInt(fields[15-before], 10, 64)
	const ticks = 100 // per second, on every Linux that Go runs on
	return time.Duration(user+system) * time.Second / ticks, errors.Join(err1, err2)
}

// memory is a process's memory in bytes: its own, and resident pages of files (the program, and the store's
// file if mapped), which the kernel can reclaim at any time. A page that is mapped several times counts
// once.
type memory struct{ own, files int64 }

func (p *process) memory() (memory, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", p.command.Process.Pid))
	if err != nil {
		return memory{}, fmt.Errorf("memory can be read on Linux only: %w", err)
	}
	return memory{own: sizeOf(text, "Pss_Anon"), files: sizeOf(text, "Pss_File")}, nil
}

// ownMemory returns memory's own part. Reading the rest is too slow during a measurement.
func (p *process) ownMemory() int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.command.Process.Pid))
	if err != nil {
		return 0
	}
	return sizeOf(text, "RssAnon")
}

func sizeOf(listing []byte, name string) int64 {
	_, rest, _ := strings.Cut(string(listing), name+":")
	line, _, _ := strings.Cut(rest, "\n")
	kB, _ := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(line, "kB")), 10, 64)
	return kB << 10
}

const (
	quietLook = 300 * time.Millisecond
	quietCPU  = 20 * time.Millisecond
)

// settle waits until the child has finished the background work of earlier requests.
func (p *process) settle(ctx context.Context) error {
	look := time.NewTicker(quietLook)
	defer look.Stop()
	last := -time.Hour
	for deadline := time.Now().Add(2 * patience); time.Now().Before(deadline); {
		used, err := p.cpu()
		if err != nil || used-last <= quietCPU {
			return err
		}
		last = used
		select {
		case <-look.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return errors.New("the server does not come to rest")
}

// machine describes the processor, the number of CPUs and the Go version.
func machine() string {
	name := runtime.GOARCH
	if text, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, rest, found := strings.Cut(string(text), "model name"); found {
			line, _, _ := strings.Cut(rest, "\n")
			name = strings.TrimSpace(strings.TrimLeft(line, "\t :"))
		}
	}
	return fmt.Sprintf("%s, %d cores, %s", name, runtime.NumCPU(), runtime.Version())
}

// loadAverage returns the machine's load average over the last minute.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
