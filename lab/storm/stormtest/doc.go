// Package stormtest plays every storm, smaller than `make storm` does. That takes a
// minute on an idle machine, in a package of its own: `make test-storms` runs it.
package stormtest
