package ssm

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The actions of a step that the lab knows ("Command document plugin reference", AWS
// Systems Manager User Guide).
const (
	actionShell      = "aws:runShellScript"
	actionPowerShell = "aws:runPowerShellScript"
)

// The types of a parameter that the lab knows ("Data elements and parameters", ibid.).
const (
	typeString = "String"
	typeList   = "StringList"
)

// Limits and defaults of documents.
const (
	maxDocument    = 64 << 10 // bytes ("AWS Systems Manager endpoints and quotas", AWS General Reference)
	defaultTimeout = 3600     // seconds of a step ("aws:runShellScript", ibid.)
	maxTimeout     = 172800   // likewise
)

// runShellScript is AWS's own document that runs shell commands.
const runShellScript = "AWS-RunShellScript"

// shellDocument has the parameters of AWS-RunShellScript, and the name that its one
// step goes by.
func shellDocument() *Document {
	return &Document{
		Parameters: map[string]Parameter{
			"commands":         {Type: typeList},
			"workingDirectory": {Type: typeString, Default: value{"", nil, true}},
			"executionTimeout": {Type: typeString, Default: value{"3600", nil, true}, AllowedPattern: "^[1-9][0-9]{0,5}$"},
		},
		Steps: []Step{{Action: actionShell, Name: actionShell, Inputs: Inputs{
			Commands: value{text: "{{ commands }}", set: true}, Timeout: value{text: "{{ executionTimeout }}", set: true}, Directory: "{{ workingDirectory }}",
		}}},
	}
}

// Document is a command document.
type Document struct {
	SchemaVersion string               `json:"schemaVersion"`
	Description   string               `json:"description"`
	Parameters    map[string]Parameter `json:"parameters"`
	Steps         []Step               `json:"mainSteps"`
}

// Parameter is what a command may be sent with.
type Parameter struct {
	Type              string   `json:"type"`
	Description       string   `json:"description"`
	DisplayType       string   `json:"displayType"`
	InterpolationType string   `json:"interpolationType"`
	Default           value    `json:"default"`
	AllowedPattern    string   `json:"allowedPattern"`
	AllowedValues     []string `json:"allowedValues"`
}

// inEnvironment says that the agent gives the parameter to the script as an environment
// variable, and not as a part of its text (ibid.; agents from 3.3.2746.0 on).
func (p Parameter) inEnvironment() bool { return p.InterpolationType == envVar }

const envVar = "ENV_VAR"

// Step is a script of a document.
type Step struct {
	Action       string              `json:"action"`
	Name         string              `json:"name"`
	Precondition map[string][]string `json:"precondition"`
	Inputs       Inputs              `json:"inputs"`
}

// Inputs are a step's script, its time in seconds, and where it runs.
type Inputs struct {
	Commands  value  `json:"runCommand"`
	Timeout   value  `json:"timeoutSeconds"`
	Directory string `json:"workingDirectory"`
}

// value is a text, a number or a list of texts.
type value struct {
	text string
	list []string
	set  bool
}

// UnmarshalJSON implements json.Unmarshaler.
func (v *value) UnmarshalJSON(b []byte) error {
	*v = value{set: true}
	if json.Unmarshal(b, &v.text) == nil || json.Unmarshal(b, &v.list) == nil {
		return nil
	}
	var n int
	if err := json.Unmarshal(b, &n); err != nil {
		return fmt.Errorf("neither a text nor a list of texts nor a whole number: %s", b)
	}
	v.text = strconv.Itoa(n)
	return nil
}

// all gives a value as a list.
func (v value) all() []string {
	if v.list != nil {
		return v.list
	}
	return []string{v.text}
}

// ParseDocument reads a command document of schema version 2.2 in JSON, with steps
// aws:runShellScript and aws:runPowerShellScript, preconditions on platformType, and
// parameters of the types String and StringList ("Command document plugin reference"
// and "Data elements and parameters", AWS Systems Manager User Guide). What the lab
// does not know in it is an error, so that nothing is left out silently.
func ParseDocument(content []byte) (*Document, error) {
	if len(content) > maxDocument {
		return nil, fmt.Errorf("the document has %d bytes, AWS takes %d", len(content), maxDocument)
	}
	d := &Document{}
	in := json.NewDecoder(bytes.NewReader(content))
	in.DisallowUnknownFields()
	if err := in.Decode(d); err != nil {
		return nil, fmt.Errorf("reading the document: %w", err)
	}
	if _, err := in.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("reading the document: something follows it")
	}
	if d.SchemaVersion != "2.2" || len(d.Steps) == 0 {
		return nil, fmt.Errorf("the document has schema version %q and %d steps; the lab needs 2.2, and a step", d.SchemaVersion, len(d.Steps))
	}
	for name, p := range d.Parameters {
		if err := p.check(); err != nil {
			return nil, fmt.Errorf("parameter %s: %w", name, err)
		}
	}
	if err := d.checkSteps(); err != nil {
		return nil, err
	}
	return d, nil
}

func (d *Document) checkSteps() error {
	seen := map[string]bool{}
	for _, s := range d.Steps {
		if s.Name == "" || seen[s.Name] {
			return fmt.Errorf("step %q: a name must be given, once", s.Name)
		}
		seen[s.Name] = true
		if err := d.checkStep(s); err != nil {
			return fmt.Errorf("step %s: %w", s.Name, err)
		}
	}
	return nil
}

func (p Parameter) check() error {
	if p.Type != typeString && p.Type != typeList {
		return fmt.Errorf("the lab does not know the type %q", p.Type)
	}
	if p.InterpolationType != "" && (!p.inEnvironment() || p.Type != typeString) {
		return fmt.Errorf("the lab does not know the interpolation %q of a %s", p.InterpolationType, p.Type)
	}
	if p.Default.set && (p.Default.list != nil) != (p.Type == typeList) {
		return fmt.Errorf("its default is no %s", p.Type)
	}
	if _, err := regexp.Compile(p.AllowedPattern); err != nil {
		return fmt.Errorf("reading its pattern: %w", err)
	}
	return nil
}

func (d *Document) checkStep(s Step) error {
	if s.Action != actionShell && s.Action != actionPowerShell {
		return fmt.Errorf("the lab does not know the action %q", s.Action)
	}
	if !s.Inputs.Commands.set {
		return errors.New("it has no runCommand")
	}
	for key, operands := range s.Precondition {
		if key != "StringEquals" || len(operands) != 2 || operands[0] != "platformType" {
			return fmt.Errorf("the lab does not know the precondition %s %q", key, operands)
		}
	}
	for _, text := range append(s.Inputs.Commands.all(), s.Inputs.Directory, strings.Join(s.Inputs.Timeout.all(), "")) {
		for _, found := range placeholder.FindAllStringSubmatch(text, -1) {
			if _, ok := d.Parameters[found[1]]; !ok {
				return fmt.Errorf("it names the parameter %q, which there is not", found[1])
			}
		}
	}
	return nil
}

// appliesTo says whether a step is for a platform, Linux or Windows.
func (s Step) appliesTo(platform string) bool {
	operands, ok := s.Precondition["StringEquals"]
	return !ok || slices.Contains(operands[1:], platform)
}
