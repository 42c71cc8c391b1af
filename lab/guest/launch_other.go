//go:build !linux

package guest

import "errors"

// launch refuses: what keeps QEMU from outliving this process is Linux's.
func launch(string, []string, string) (*process, error) {
	return nil, errors.New("real guests need Linux")
}
