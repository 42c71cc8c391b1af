package instance

import "strings"

// IsID says whether text has the form of an instance id: i- and 8 or 17 lower-case
// hexadecimal digits ("Resource IDs", Amazon EC2 User Guide). Instances from before 2018
// keep the short form. Such an id needs no quotes in a shell.
func IsID(text string) bool {
	digits, ok := strings.CutPrefix(text, "i-")
	return ok && (len(digits) == 8 || len(digits) == 17) && strings.Trim(digits, "0123456789abcdef") == ""
}
