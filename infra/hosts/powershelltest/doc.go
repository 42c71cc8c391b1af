// Package powershelltest reads the script for Windows with a real parser.
//
// No machine that runs these tests has a PowerShell, so the script never runs here. What
// can be known without one is asked here: that it parses, what it can reach, that a
// failure always becomes an answer, that nothing but the answer is written, and which
// answer follows from what. The last is found by following the conditions of the parse
// tree. The parser is tree-sitter-powershell, in web-tree-sitter.
//
// There are only tests here: `make test-cdk` runs them. They need `npm ci --prefix infra`,
// and are skipped without it, except where CI is set in the environment: there they must
// run.
package powershelltest
