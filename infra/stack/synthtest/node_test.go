package synthtest

import (
	"os"
	"os/exec"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"

	"crashcart/infra/stack/stacktest"
)

// alone is the test that the next one runs in a process of its own.
const alone = "TestTheCDKStarts"

func TestTheCDKStarts(t *testing.T) {
	stacktest.NeedNode(t)
	awscdk.NewApp(nil)
}

// Nothing on the PATH and nothing in JSII_NODE can be run here, so only the pinned
// Node.js is left.
func TestTheCDKNeverRunsOnAnotherNodeThanThePinnedOne(t *testing.T) {
	stacktest.NeedNode(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^"+alone+"$")
	cmd.Env = []string{"PATH=" + t.TempDir(), "JSII_NODE=/nonexistent/node", "HOME=" + os.Getenv("HOME"), "TMPDIR=" + t.TempDir()}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
