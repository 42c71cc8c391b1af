// Package kerneltest boots a real kernel under QEMU and treats it in every way in which
// EC2 and Systems Manager treat an instance. Its tests need QEMU and an image, which
// takes minutes to build the first time: `make test-kernels` runs them.
package kerneltest
