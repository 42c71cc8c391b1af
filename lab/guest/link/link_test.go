package link_test

import (
	"net"
	"testing"
	"testing/synctest"

	"crashcart/lab/guest/link"
)

func TestNoFrameIsLeftUncounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ours, theirs := net.Pipe()
		l := link.New(ours)
		var heard []string
		stop := l.Listen(func(frame []byte) { heard = append(heard, string(frame)) })
		say := func(text string) {
			if _, err := theirs.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		say("one")
		say("three")
		stop()
		say("unheard")
		if len(heard) != 2 || heard[0] != "one" || heard[1] != "three" {
			t.Errorf("%q", heard)
		}
		if got := l.Sent(); got != (link.Sent{Frames: 3, Bytes: 15}) {
			t.Errorf("%+v", got)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		<-l.Done()
	})
}
