package collect

import (
	"context"
	"errors"

	"crashcart/lambda/domain/dump"
)

// Count asks S3 how much of the open uploads has arrived. The collection that comes back is
// the one to keep, also beside an error. An upload that S3 does not know any more stays as
// it is: Sign and Finish find out what became of it.
func (s Store) Count(ctx context.Context, c dump.Collection) (dump.Collection, error) {
	c = clone(c)
	var problems []error
	for i := range c.Uploads {
		u := &c.Uploads[i]
		if !u.Open() {
			continue
		}
		there, err := s.arrived(ctx, *u)
		switch {
		case err == nil:
			u.Arrived = len(there)
		case !gone(err):
			problems = append(problems, err)
		}
	}
	return c, errors.Join(problems...)
}
