package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// envPrefix is the prefix of every setting's environment variable.
const envPrefix = "PORTAL_"

// settingOf returns a flag's name in the configuration file, with dashes.
func settingOf(flag *kong.Flag) string {
	if name := flag.Tag.Get("setting"); name != "" {
		return name
	}
	return flag.Name
}

// variableOf returns the environment variable of a setting.
func variableOf(setting string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(setting, "-", "_"))
}

// BeforeResolve reads the configuration file and adds the settings from it and the environment to the
// parser.
func (*grammar) BeforeResolve(parsed *kong.Context, w *environment) error {
	s := settings{env: w.env}
	if name := configFile(parsed, w.env); name != "" {
		file, err := readSettings(name)
		if err != nil {
			w.settings.add("%s", err)
			w.unread = true
		}
		known := knownSettings(parsed.Model)
		for setting := range file {
			if !slices.Contains(known, setting) {
				w.settings.add("%s: unknown setting %q; %s", name, setting, meant(setting, known))
			}
		}
		slices.Sort(w.settings)
		s.file = file
	}
	parsed.AddResolver(s)
	return nil
}

func configFile(parsed *kong.Context, env map[string]string) string {
	for _, step := range parsed.Path {
		if step.Flag != nil && step.Flag.Name == "config" {
			name, _ := parsed.FlagValue(step.Flag).(string)
			return name
		}
	}
	return env[variableOf("config")]
}

// knownSettings returns the settings of all commands, because one file serves them all.
func knownSettings(app *kong.Application) []string {
	var known []string
	// The visitor fails only if its function fails.
	_ = kong.Visit(app, func(node kong.Visitable, next kong.Next) error {
		if flag, ok := node.(*kong.Flag); ok && flag.Name != "help" && flag.Name != "config" {
			known = append(known, settingOf(flag))
		}
		return next(nil)
	})
	slices.Sort(known)
	return slices.Compact(known) // some settings belong to several commands
}

// meant suggests names for an unknown setting: those that end with it, since a flag's own name is often
// shorter.
func meant(setting string, known []string) string {
	var near []string
	for _, one := range known {
		if strings.HasSuffix(one, "-"+setting) {
			near = append(near, one)
		}
	}
	if len(near) > 0 {
		return "did you mean " + listOf(near) + "?"
	}
	return "\"portal help COMMAND\" shows their names as variables: $" + envPrefix + "ADDR for addr"
}

// settings provides the values of flags that are not on the command line, from the environment or otherwise
// from the file.
type settings struct {
	env  map[string]string
	file map[string]value
}

// value is a setting's value in the file: text or a JSON list.
type value struct {
	text   string
	list   []string
	isList bool
}

// as returns the value in the form that the flag expects. An element of a list stays one element, even if
// it contains a separator.
func (v value) as(flag *kong.Flag) string {
	switch {
	case !v.isList:
		return v.text
	case flag.IsSlice():
		return kong.JoinEscaped(v.list, flag.Tag.Sep)
	}
	return strings.Join(v.list, ",")
}

// Validate implements kong.Resolver. The names were checked when the file was read.
func (settings) Validate(*kong.Application) error { return nil }

// Resolve implements kong.Resolver. An empty variable counts as unset, as is usual with containers.
func (s settings) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	if flag.Name == "help" {
		return nil, nil
	}
	if value := s.env[variableOf(settingOf(flag))]; value != "" {
		return value, nil
	}
	if value, ok := s.file[settingOf(flag)]; ok {
		return value.as(flag), nil
	}
	return nil, nil
}

// readSettings reads a configuration file: a JSON object, or lines of name = value. A name may be a flag or
// an environment variable.
func readSettings(name string) (map[string]value, error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("cannot read the configuration file: %w", err)
	}
	read := readLines
	if bytes.HasPrefix(bytes.TrimSpace(text), []byte("{")) {
		read = readJSON
	}
	found := map[string]value{}
	err = read(text, func(setting string, value value) error {
		setting = strings.ToLower(strings.ReplaceAll(setting, "_", "-"))
		setting = strings.TrimPrefix(setting, "portal-")
		if _, twice := found[setting]; twice {
			return fmt.Errorf("%q is set twice", setting)
		}
		found[setting] = value
		return nil
	})
	if err != nil {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return found, err
}

func readLines(text []byte, take func(string, value) error) error {
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		setting, text, found := strings.Cut(line, "=")
		if !found {
			return fmt.Errorf("line %d is not \"name = value\"", n)
		}
		text = strings.TrimSpace(text)
		if len(text) > 1 && text[0] == '"' && text[len(text)-1] == '"' {
			text = text[1 : len(text)-1]
		}
		if err := take(strings.TrimSpace(setting), value{text: text}); err != nil {
			return fmt.Errorf("line %d: %w", n, err)
		}
	}
	return lines.Err()
}

// readJSON reads member by member, because a map would hide duplicates.
func readJSON(text []byte, take func(string, value) error) error {
	in := json.NewDecoder(bytes.NewReader(text))
	in.UseNumber()
	if _, err := in.Token(); err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	for in.More() {
		token, err := in.Token()
		if err != nil {
			return fmt.Errorf("not JSON: %w", err)
		}
		setting, _ := token.(string)
		var stands any
		if err := in.Decode(&stands); err != nil {
			return fmt.Errorf("not JSON: %w", err)
		}
		read, err := readValue(stands)
		if err != nil {
			return fmt.Errorf("%q: %w", setting, err)
		}
		if err := take(setting, read); err != nil {
			return err
		}
	}
	if _, err := in.Token(); err != nil {
		return fmt.Errorf("not JSON: %w", err)
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return errors.New("unexpected data after the JSON object")
	}
	return nil
}

// readValue converts a JSON value to one that a flag can use.
func readValue(stands any) (value, error) {
	switch stands := stands.(type) {
	case string:
		return value{text: stands}, nil
	case bool, json.Number:
		return value{text: fmt.Sprint(stands)}, nil
	case []any:
		read := value{isList: true}
		for _, element := range stands {
			inner, err := readValue(element)
			if err == nil && inner.isList {
				err = errors.New("a list cannot contain a list")
			}
			if err != nil {
				return value{}, err
			}
			read.list = append(read.list, inner.text)
		}
		return read, nil
	}
	return value{}, errors.New("a setting must be a string, a number, true or false, or a list of these")
}
