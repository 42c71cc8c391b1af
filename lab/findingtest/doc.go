// Package findingtest has a guest of every kind interrupted, and asks what the real
// follow-up finds of it. The guests are simulated, so that the package knows the truth;
// package trial does the same with real kernels.
//
// There are only tests here.
package findingtest
