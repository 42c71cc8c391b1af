package scenario

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"crashcart/lab/sim/world"
)

// Parse reads a scenario. What is left out has its default. The error says everything that
// is wrong, and where.
func Parse(text []byte) (Scenario, error) {
	s := Default()
	if err := s.read(text); err != nil {
		return Scenario{}, err
	}
	if err := s.Check(); err != nil {
		return Scenario{}, err
	}
	return s, nil
}

// fields says what reads each key of an object.
type fields map[string]func(value json.RawMessage, where string) error

// read reads the file's one object.
func (s *Scenario) read(text []byte) error {
	return object(text, "", fields{
		"name": words(&s.Name),
		"seed": number(&s.Seed),
		"days": number(&s.Days),
		"hosts": func(value json.RawMessage, where string) error {
			return array(value, where, func(value json.RawMessage, where string) error {
				h, err := readHosts(value, where)
				s.Hosts = append(s.Hosts, h)
				return err
			})
		},
		"faults": func(value json.RawMessage, where string) error {
			return array(value, where, func(value json.RawMessage, where string) error {
				f, err := readFault(value, where)
				s.Faults = append(s.Faults, f)
				return err
			})
		},
		"rates": s.readRates,
		"alarms": func(value json.RawMessage, where string) error {
			s.Alarms = []world.AlarmKind{}
			return array(value, where, func(value json.RawMessage, where string) error {
				var k world.AlarmKind
				err := words(&k)(value, where)
				s.Alarms = append(s.Alarms, k)
				return err
			})
		},
		"hangsPerHostYear": number(&s.HangsPerHostYear),
	})
}

func readHosts(value json.RawMessage, where string) (Hosts, error) {
	h := Hosts{Heartbeat: true}
	minutes := func(value json.RawMessage, where string) error {
		if err := number(&h.PingMinutes)(value, where); err != nil {
			return err
		}
		if h.PingMinutes == 0 { // that means that the file does not say
			return fmt.Errorf("%s: an agent pings every %d to %d min, not 0", where, leastPing, mostPing)
		}
		return nil
	}
	return h, object(value, where, fields{
		"fleet": words(&h.Fleet), "count": number(&h.Count), "pingMinutes": minutes,
		"detailedMonitoring": truth(&h.DetailedMonitoring), "heartbeat": truth(&h.Heartbeat),
	})
}

func readFault(value json.RawMessage, where string) (Fault, error) {
	f := Fault{Scope: world.OneHost}
	lasts := func(value json.RawMessage, where string) error {
		if err := span(&f.For)(value, where); err != nil {
			return err
		}
		if f.For == 0 { // that means that the file does not say
			return fmt.Errorf("%s: must be more than nothing", where)
		}
		return nil
	}
	return f, object(value, where, fields{"cause": words(&f.Cause), "scope": words(&f.Scope), "at": span(&f.At), "for": lasts})
}

func (s *Scenario) readRates(value json.RawMessage, where string) error {
	return each(value, where, func(key string, value json.RawMessage, where string) error {
		if s.Rates == nil {
			s.Rates = map[world.Cause]float64{}
		}
		var rate float64
		err := number(&rate)(value, where)
		s.Rates[world.Cause(key)] = rate
		return err
	})
}

// object reads an object whose keys are known. Any other key is an error.
func object(text json.RawMessage, where string, known fields) error {
	return each(text, where, func(key string, value json.RawMessage, where string) error {
		read, ok := known[key]
		if !ok {
			return fmt.Errorf("%s: there is no such key", where)
		}
		return read(value, where)
	})
}

// each calls fn for every key of an object, and joins what it says. A key that stands there
// twice is an error.
func each(text json.RawMessage, where string, fn func(key string, value json.RawMessage, where string) error) error {
	d := json.NewDecoder(bytes.NewReader(text))
	if first, err := d.Token(); err != nil {
		return at(where, fmt.Errorf("it is no JSON: %w", err))
	} else if first != json.Delim('{') {
		return at(where, errors.New("must be an object"))
	}
	var all []error
	seen := map[string]bool{}
	for d.More() {
		token, err := d.Token()
		if err != nil {
			return at(where, fmt.Errorf("it is no JSON: %w", err))
		}
		key, ok := token.(string)
		if !ok {
			return at(where, errors.New("it is no JSON: a key is no text"))
		}
		var value json.RawMessage
		if err := d.Decode(&value); err != nil {
			return at(below(where, key), fmt.Errorf("it is no JSON: %w", err))
		}
		if seen[key] {
			all = append(all, at(below(where, key), errors.New("it stands there twice")))
			continue
		}
		seen[key] = true
		all = append(all, fn(key, value, below(where, key)))
	}
	if _, err := d.Token(); err != nil {
		return at(where, fmt.Errorf("it is no JSON: %w", err))
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return at(where, errors.New("there is something behind its end"))
	}
	return errors.Join(all...)
}

// array calls fn for every value of an array, and joins what it says.
func array(text json.RawMessage, where string, fn func(value json.RawMessage, where string) error) error {
	var values []json.RawMessage
	if err := json.Unmarshal(text, &values); err != nil || values == nil {
		return at(where, errors.New("must be an array"))
	}
	var all []error
	for n, value := range values {
		all = append(all, fn(value, fmt.Sprintf("%s[%d]", where, n)))
	}
	return errors.Join(all...)
}

// below is the place of a key.
func below(where, key string) string {
	if where == "" {
		return key
	}
	return where + "." + key
}

func at(where string, err error) error {
	if where == "" {
		return err
	}
	return fmt.Errorf("%s: %w", where, err)
}

// words reads a text.
func words[T ~string](into *T) func(json.RawMessage, string) error {
	return func(value json.RawMessage, where string) error {
		var text *string
		if err := json.Unmarshal(value, &text); err != nil || text == nil {
			return at(where, fmt.Errorf("must be a text, not %s", short(value)))
		}
		*into = T(*text)
		return nil
	}
}

// number reads a number. One with a fraction is none for a whole number.
func number[T int | uint64 | float64](into *T) func(json.RawMessage, string) error {
	return func(value json.RawMessage, where string) error {
		var n *T
		if err := json.Unmarshal(value, &n); err != nil || n == nil {
			kind := "a number"
			switch any(*into).(type) {
			case int:
				kind = "a whole number"
			case uint64:
				kind = "a whole number from 0 up"
			}
			return at(where, fmt.Errorf("must be %s, not %s", kind, short(value)))
		}
		*into = *n
		return nil
	}
}

func truth(into *bool) func(json.RawMessage, string) error {
	return func(value json.RawMessage, where string) error {
		var b *bool
		if err := json.Unmarshal(value, &b); err != nil || b == nil {
			return at(where, fmt.Errorf("must be true or false, not %s", short(value)))
		}
		*into = *b
		return nil
	}
}

func span(into *time.Duration) func(json.RawMessage, string) error {
	return func(value json.RawMessage, where string) error {
		var text string
		if err := words(&text)(value, where); err != nil {
			return err
		}
		d, err := ParseSpan(text)
		if err != nil {
			return at(where, err)
		}
		*into = d
		return nil
	}
}

// short is a value as far as it fits in a sentence.
func short(value json.RawMessage) string {
	const most = 40
	if len(value) > most {
		return strconv.Quote(string(value[:most]) + "...")
	}
	return string(value)
}
