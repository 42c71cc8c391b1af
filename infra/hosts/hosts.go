// Package hosts has the SSM documents that Crashcart runs on hosts, with their scripts.
//
// A document carries its script whole: a host fetches no code from anywhere. The script
// gets its parameters in the environment. An agent from before 3.3.2746.0 puts them into
// the script's text instead, and so the document's patterns let nothing through that a
// shell would read within single quotes ("Troubleshooting parameter handling issues", AWS
// Systems Manager User Guide).
package hosts

import (
	"bytes"
	_ "embed" // the scripts
	"encoding/json"
	"fmt"
	"strings"

	"crashcart/lambda/domain/config"
)

//go:embed collect.sh
var collectLinux string

//go:embed collect.ps1
var collectWindows string

// stepTimeout is how long the agent lets the script run, in seconds. The presigned URLs
// end after an hour at most, and the script ends by itself before that.
const stepTimeout = 3900

// MaxDocument is the largest document, in bytes, with the parameters that it is run with
// ("AWS Systems Manager endpoints and quotas", AWS General Reference).
const MaxDocument = 64 << 10

// The patterns of the parameters. That of the URL is dump.PlainURL, or nothing.
const (
	patternNumber = `^[0-9]{1,12}$`
	patternURL    = `^(https?://[A-Za-z0-9._~:/?&=%+-]+)?$`
	patternPath   = `^(/[A-Za-z0-9._:@+-]+)+$`
)

type document struct {
	SchemaVersion string               `json:"schemaVersion"`
	Description   string               `json:"description"`
	Parameters    map[string]parameter `json:"parameters"`
	MainSteps     []step               `json:"mainSteps"`
}

type parameter struct {
	Type              string   `json:"type"`
	Description       string   `json:"description"`
	InterpolationType string   `json:"interpolationType"`
	Default           *string  `json:"default,omitempty"`
	AllowedPattern    string   `json:"allowedPattern,omitempty"`
	AllowedValues     []string `json:"allowedValues,omitempty"`
}

type step struct {
	Action       string              `json:"action"`
	Name         string              `json:"name"`
	Precondition map[string][]string `json:"precondition"`
	Inputs       inputs              `json:"inputs"`
}

type inputs struct {
	TimeoutSeconds int      `json:"timeoutSeconds"`
	RunCommand     []string `json:"runCommand"`
}

// Collect is the document that brings home what a crash has left, as JSON. Its name is
// config.DocumentCollect.
func Collect() ([]byte, error) {
	d := document{
		SchemaVersion: "2.2",
		Description:   "Crashcart: list the dump of a crash, and send it to S3 by presigned URLs. Changes nothing on the host.",
		Parameters: map[string]parameter{
			config.CollectStep:      text("survey lists the files, send sends those of the manifest", "", nil, "survey", "send"),
			config.CollectSince:     text("the time of the interrupt, in seconds since 1970", patternNumber, nil),
			config.CollectManifest:  text("the presigned URL of the manifest", patternURL, new("")),
			config.CollectSeconds:   text("how long the script may take", patternNumber, new("3000")),
			config.CollectRate:      text("how many bytes a second it may send; 0 is as many as it can", patternNumber, new("33554432")),
			config.CollectDirectory: text("where a Linux host puts its dumps", patternPath, new("/var/crash")),
		},
		MainSteps: []step{
			script("aws:runShellScript", config.CollectLinux, "Linux", collectLinux),
			script("aws:runPowerShellScript", config.CollectWindows, "Windows", collectWindows),
		},
	}
	var out bytes.Buffer
	to := json.NewEncoder(&out)
	to.SetEscapeHTML(false) // three of a shell's characters would take six bytes each
	to.SetIndent("", " ")   // a line of a script is a line of the document
	if err := to.Encode(d); err != nil {
		return nil, fmt.Errorf("writing the document %s: %w", config.DocumentCollect, err)
	}
	return out.Bytes(), nil
}

// text is a parameter that reaches the script as an environment variable.
func text(what, pattern string, fallback *string, values ...string) parameter {
	return parameter{
		Type: "String", Description: what, InterpolationType: "ENV_VAR",
		Default: fallback, AllowedPattern: pattern, AllowedValues: values,
	}
}

// script is a step that runs a script on one platform, and is skipped on others.
func script(action, name, platform, body string) step {
	return step{
		Action: action, Name: name,
		Precondition: map[string][]string{"StringEquals": {"platformType", platform}},
		Inputs:       inputs{stepTimeout, strings.Split(strings.TrimSuffix(body, "\n"), "\n")},
	}
}
