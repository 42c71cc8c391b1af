package mototest_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"crashcart/infra/stack/stacktest"
	"crashcart/infra/template"
)

func TestMain(m *testing.M) {
	code := m.Run()
	stacktest.Close()
	os.Exit(code)
}

// listening is what moto_server says of itself when it can be called.
var listening = regexp.MustCompile(`Running on (http://127\.0\.0\.1:[0-9]+)`)

// server starts moto_server with the stack's account, on a port that it chooses
// itself, and ends it with the test. It gives the address. More variables of its
// environment can be given.
func server(t *testing.T, environ ...string) string {
	t.Helper()
	program, err := exec.LookPath("moto_server")
	if err != nil {
		const how = "nothing is sent through rule, topic or state machine: that needs moto_server, `pip install 'moto[server]'`"
		if os.Getenv("CI") != "" {
			t.Fatal(how)
		}
		t.Skip(how)
	}
	cmd := exec.CommandContext(t.Context(), program, "-H", "127.0.0.1", "-p", "0")
	cmd.Env = append(append(os.Environ(), "MOTO_ACCOUNT_ID="+template.Account, "PYTHONUNBUFFERED=1"), environ...)
	said, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	address, heard := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(heard)
		address <- listen(said)
		_, _ = io.Copy(io.Discard, said)
	}()
	// The test's context is canceled before this, which ends the server.
	t.Cleanup(func() {
		<-heard
		_ = cmd.Wait() // it was killed
	})
	found := <-address
	if !strings.HasPrefix(found, "http") {
		t.Fatalf("moto_server does not listen: %s", found)
	}
	return found
}

// listen reads until the server names its address. Otherwise it gives what was said.
func listen(said io.Reader) string {
	var all []string
	for lines := bufio.NewScanner(said); lines.Scan(); {
		if found := listening.FindStringSubmatch(lines.Text()); found != nil {
			return found[1]
		}
		all = append(all, lines.Text())
	}
	return fmt.Sprintf("it ended: %s", strings.Join(all, "\n"))
}
