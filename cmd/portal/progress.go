package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
)

// newProgress shows the progress of reading a file on a terminal. step is called for each line with its
// bytes, done at the end. With a size of -1 it shows only a count and a rate.
func newProgress(w *environment, size int64) (step func(bytes int), done func()) {
	if !isTerminal(w.stderr) {
		return func(int) {}, func() {}
	}
	bar := progressbar.NewOptions64(size, progressbar.OptionSetWriter(w.stderr),
		progressbar.OptionShowBytes(true),
		progressbar.OptionSetWidth(30), progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish())
	began, lines := time.Now(), 0
	step = func(bytes int) {
		lines++
		if lines%100 == 0 {
			bar.Describe(fmt.Sprintf("%d orders, %.0f/s", lines, float64(lines)/time.Since(began).Seconds()))
		}
		// Ignore errors of the bar, so that they do not stop the import.
		_ = bar.Add(bytes)
	}
	return step, func() { _ = bar.Finish() }
}

// newGauge shows progress on a terminal. show is called with the amount done and the total, which may grow,
// in bytes or documents.
func newGauge(w *environment, bytes bool) (show func(done, total int64), end func()) {
	if !isTerminal(w.stderr) {
		return func(int64, int64) {}, func() {}
	}
	bar := progressbar.NewOptions64(-1, progressbar.OptionSetWriter(w.stderr),
		progressbar.OptionShowBytes(bytes), progressbar.OptionShowCount(),
		progressbar.OptionShowIts(), progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(100*time.Millisecond), progressbar.OptionClearOnFinish())
	show = func(done, total int64) {
		if bar.GetMax64() != total {
			bar.ChangeMax64(total)
		}
		// Ignore errors of the bar, so that they do not stop the work.
		_ = bar.Set64(done)
	}
	return show, func() { _ = bar.Finish() }
}

// isTerminal reports whether the output may be a terminal: pipes and files are not character devices.
func isTerminal(to io.Writer) bool {
	file, ok := to.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
