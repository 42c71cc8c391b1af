package fleet

import (
	"context"
	"sync"
)

// scripts are those that simulated guests carry out.
type scripts struct {
	sync.Mutex
	life    context.Context // ends with close
	end     context.CancelFunc
	running sync.WaitGroup
}

// start gives a script a context, which ends when the fleet is closed.
func (s *scripts) start() (context.Context, context.CancelFunc) {
	s.Lock()
	defer s.Unlock()
	if s.life == nil {
		s.life, s.end = context.WithCancel(context.Background())
	}
	return context.WithCancel(s.life)
}

// close ends all scripts and waits until nothing of them is left.
func (s *scripts) close() {
	s.Lock()
	if s.life == nil {
		s.life, s.end = context.WithCancel(context.Background())
	}
	s.end()
	s.Unlock()
	s.running.Wait()
}
