//go:build !race

package stacktest

import "github.com/aws/jsii-runtime-go"

// Close ends the CDK's process and removes its files. It is for the end of TestMain.
func Close() { jsii.Close() }
