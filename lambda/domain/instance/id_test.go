package instance_test

import (
	"strings"
	"testing"

	"crashcart/lambda/domain/instance"
)

func TestOnlyAnInstanceIDIsOne(t *testing.T) {
	for _, id := range []string{"i-0a1b2c3d4e5f60718", "i-1a2b3c4d", "i-00000000", "i-ffffffffffffffff0"} {
		if !instance.IsID(id) {
			t.Errorf("%q is an id", id)
		}
	}
	for _, text := range []string{
		"", "i-", "0a1b2c3d", "I-1a2b3c4d", "i-1A2B3C4D", "i-1a2b3c4g", "i-1a2b3c4", "i-1a2b3c4d5", "i-0a1b2c3d4e5f6071", "i-0a1b2c3d4e5f607189",
		" i-1a2b3c4d", "i-1a2b3c4d ", "i-1a2b3c4d\n", "i-1a2b 3c4", "mi-1a2b3c4d", "i-1a2b3c4\u0664", "i-'; rm -rf",
	} {
		if instance.IsID(text) {
			t.Errorf("%q is no id", text)
		}
	}
}

func FuzzIsID(f *testing.F) {
	f.Add("i-1a2b3c4d")
	f.Add("i-0a1b2c3d4e5f60718 ")
	f.Fuzz(func(t *testing.T, text string) {
		if !instance.IsID(text) {
			return
		}
		if len(text) != 10 && len(text) != 19 || strings.Trim(text, "i-0123456789abcdef") != "" {
			t.Errorf("%q is no id", text)
		}
	})
}
