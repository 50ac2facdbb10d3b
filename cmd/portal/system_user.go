package main

import (
	"os"
	"os/user"
	"strconv"
)

// systemUser returns the name of the user who runs the command, for the log of acts on customers. With sudo
// it is the user who called sudo.
func (w *environment) systemUser() string {
	if caller := w.env["SUDO_USER"]; caller != "" && os.Geteuid() == 0 {
		return caller
	}
	if current, err := user.Current(); err == nil {
		return current.Username
	}
	return "uid " + strconv.Itoa(os.Getuid())
}
