package dynamodb

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/truora/minidyn/interpreter/language"
)

// tokenize cuts an expression into identifiers, #names, :values and single
// punctuation marks. It knows no grammar: the engine's parser has the last word.
func tokenize(expression string) []string {
	var tokens []string
	for i := 0; i < len(expression); {
		c := expression[i]
		switch {
		case strings.IndexByte(" \t\r\n", c) >= 0:
			i++
		case isWord(c):
			j := i + 1
			for j < len(expression) && isWord(expression[j]) && expression[j] != '#' && expression[j] != ':' {
				j++
			}
			tokens = append(tokens, expression[i:j])
			i = j
		default:
			tokens = append(tokens, expression[i:i+1])
			i++
		}
	}
	return tokens
}

func isWord(c byte) bool {
	return c == '#' || c == ':' || c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

// operators are the words of the expression grammar itself ("Condition and
// filter expressions", "Update expressions", Amazon DynamoDB Developer Guide).
var operators = []string{"AND", "OR", "NOT", "BETWEEN", "IN", "SET", "REMOVE", "ADD", "DELETE"}

// maxExpression is the limit of an expression in bytes ("Quotas in Amazon
// DynamoDB", Amazon DynamoDB Developer Guide).
const maxExpression = 4096

// checkReserved refuses an expression above maxExpression and a bare attribute name that is one of DynamoDB's reserved
// words ("Reserved words in DynamoDB", Amazon DynamoDB Developer Guide). The
// engine has the whole list but asks it only about upper-case names.
func checkReserved(kind, expression string) error {
	if len(expression) > maxExpression {
		return invalid("Invalid %s: Expression size has exceeded the maximum allowed size; expression size: %d", kind, len(expression))
	}
	tokens := tokenize(expression)
	for i, t := range tokens {
		upper := strings.ToUpper(t)
		if !language.IsReservedWord(upper) || slices.Contains(operators, upper) {
			continue
		}
		if i+1 < len(tokens) && tokens[i+1] == "(" { // a function, such as size(path)
			continue
		}
		return invalid("Invalid %s: Attribute name is a reserved keyword; reserved keyword: %s", kind, t)
	}
	return nil
}

// placeholders gives the #names and :values that the expressions mention.
func placeholders(expressions ...string) map[string]bool {
	used := map[string]bool{}
	for _, e := range expressions {
		for _, t := range tokenize(e) {
			if t[0] == '#' || t[0] == ':' {
				used[t] = true
			}
		}
	}
	return used
}

// checkPlaceholders refuses names and values that no expression uses, and
// placeholders that nothing defines.
func checkPlaceholders(names map[string]string, values item, expressions ...string) error {
	used := placeholders(expressions...)
	for _, n := range slices.Sorted(maps.Keys(names)) {
		if !used[n] {
			return invalid("Value provided in ExpressionAttributeNames unused in expressions: keys: {%s}", n)
		}
	}
	for _, v := range slices.Sorted(maps.Keys(values)) {
		if !used[v] {
			return invalid("Value provided in ExpressionAttributeValues unused in expressions: keys: {%s}", v)
		}
	}
	for _, p := range slices.Sorted(maps.Keys(used)) {
		_, name := names[p]
		if _, val := values[p]; !name && !val {
			return invalid("An expression attribute name or value used in an expression is not defined: %s", p)
		}
	}
	return nil
}

// restrict keeps the entries of m that the expression mentions.
func restrict[V any](m map[string]V, expression string) map[string]V {
	used := placeholders(expression)
	out := map[string]V{}
	for k, v := range m {
		if used[k] {
			out[k] = v
		}
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// update is an update expression taken apart, so that its REMOVE can be done here.
type update struct {
	rest    string     // the expression without its REMOVE clause
	changed []string   // top-level attributes that rest assigns to
	removed [][]string // paths of the REMOVE clause, placeholders resolved
}

// parseUpdate splits an update expression into its clauses.
func parseUpdate(expression string, names map[string]string) (update, error) {
	var (
		u     update
		seen  = map[string]bool{}
		paths []string
	)
	for _, clause := range clauses(tokenize(expression)) {
		word := strings.ToUpper(clause[0])
		if word == "" {
			return u, invalid("Invalid UpdateExpression: Syntax error; token: %q", clause[1])
		}
		if seen[word] {
			return u, invalid(`Invalid UpdateExpression: The "%s" section can only be used once in an update expression;`, word)
		}
		seen[word] = true
		for _, action := range actions(clause[1:]) {
			path := leadingPath(action, names)
			if len(path) == 0 {
				return u, invalid("Invalid UpdateExpression: Syntax error near %q", strings.Join(action, " "))
			}
			paths = append(paths, strings.Join(path, "."))
			if word == "REMOVE" {
				u.removed = append(u.removed, path)
			} else {
				u.changed = append(u.changed, path[0])
			}
		}
		if word != "REMOVE" {
			u.rest += strings.Join(clause, " ") + " "
		}
	}
	u.rest = joinTight(u.rest)
	if len(paths) == 0 {
		return u, invalid("Invalid UpdateExpression: The expression can not be empty;")
	}
	return u, checkOverlap(paths)
}

// joinTight undoes the spaces that splitting put around path punctuation.
func joinTight(expression string) string {
	return strings.NewReplacer(" . ", ".", " [ ", "[", " ]", "]").Replace(strings.TrimRight(expression, " "))
}

func checkOverlap(paths []string) error {
	for i, a := range paths {
		for _, b := range paths[i+1:] {
			if a == b || strings.HasPrefix(a, b+".") || strings.HasPrefix(b, a+".") {
				return invalid("Invalid UpdateExpression: Two document paths overlap with each other; "+
					"must remove or rewrite one of these paths; path one: [%s], path two: [%s]", a, b)
			}
		}
	}
	return nil
}

// clauses groups tokens under the SET, REMOVE, ADD or DELETE that leads them.
func clauses(tokens []string) [][]string {
	var out [][]string
	for _, t := range tokens {
		switch strings.ToUpper(t) {
		case "SET", "REMOVE", "ADD", "DELETE":
			out = append(out, []string{t})
		default:
			if len(out) == 0 {
				out = append(out, []string{""})
			}
			out[len(out)-1] = append(out[len(out)-1], t)
		}
	}
	return out
}

// actions splits a clause at its top-level commas.
func actions(tokens []string) [][]string {
	out, depth := [][]string{nil}, 0
	for _, t := range tokens {
		switch t {
		case "(":
			depth++
		case ")":
			depth--
		}
		if t == "," && depth == 0 {
			out = append(out, nil)
			continue
		}
		out[len(out)-1] = append(out[len(out)-1], t)
	}
	return out
}

// leadingPath reads the document path at the start of tokens, names resolved;
// list positions are written as "[n]".
func leadingPath(tokens []string, names map[string]string) []string {
	var path []string
	for i := 0; i < len(tokens); i++ {
		switch t := tokens[i]; {
		case t == ".":
			continue
		case t == "[" && i+2 < len(tokens):
			path = append(path, fmt.Sprintf("[%s]", tokens[i+1]))
			i += 2
		case isWord(t[0]) && t[0] != ':' && (len(path) == 0 || tokens[i-1] == "."):
			if full, ok := names[t]; ok {
				t = full
			}
			path = append(path, t)
		default:
			return path
		}
	}
	return path
}
