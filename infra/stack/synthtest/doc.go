// Package synthtest synthesizes the stack and compares it with the templates that are
// kept in infra/stack/testdata. The tests of infra/template read those. It also hears what
// cdk-nag and cfn-lint say of the stack. That needs `npm ci --prefix infra`, and
// cfn-lint: `make test-cdk` runs it.
package synthtest
