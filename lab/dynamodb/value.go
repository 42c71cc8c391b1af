package dynamodb

import (
	"math/big"
	"strconv"
	"strings"
)

// wireItem encodes an item, keeping the empty lists and maps that the engine's
// own encoding would drop.
func wireItem(it item) map[string]any {
	if it == nil {
		return nil
	}
	out := make(map[string]any, len(it))
	for name, v := range it {
		out[name] = wireValue(v)
	}
	return out
}

func wireValue(v *value) any {
	switch {
	case v == nil:
		return map[string]any{"NULL": true}
	case v.L != nil:
		list := make([]any, len(v.L))
		for i, e := range v.L {
			list[i] = wireValue(e)
		}
		return map[string]any{"L": list}
	case v.M != nil:
		return map[string]any{"M": wireItem(v.M)}
	case v.B != nil:
		return map[string]any{"B": v.B}
	}
	return v
}

// wireItems encodes a page of items.
func wireItems(items []item) []map[string]any {
	out := make([]map[string]any, len(items))
	for i, it := range items {
		out[i] = wireItem(it)
	}
	return out
}

// checkNumbers refuses numbers that the engine, which computes with floats,
// would change without saying so. Nanoseconds since 1970 are such numbers.
func checkNumbers(it item) error {
	for name, v := range it {
		if err := checkNumber(name, v); err != nil {
			return err
		}
	}
	return nil
}

func checkNumber(name string, v *value) error {
	if v == nil {
		return nil
	}
	if v.N != nil && !exact(*v.N) {
		return invalid("the lab cannot hold the number %s of %q exactly: store it as a string", *v.N, name)
	}
	for _, e := range v.L {
		if err := checkNumber(name, e); err != nil {
			return err
		}
	}
	return checkNumbers(v.M)
}

// exact says whether a decimal survives a trip through a float: either it is one
// exactly, or it prints back as it was written.
func exact(n string) bool {
	f, err := strconv.ParseFloat(n, 64)
	if err != nil {
		return false
	}
	r, ok := new(big.Rat).SetString(n)
	if !ok {
		return false
	}
	if want := new(big.Rat).SetFloat64(f); want != nil && want.Cmp(r) == 0 {
		return true
	}
	back := strconv.FormatFloat(f, 'f', -1, 64)
	return strings.Contains(n, ".") && back == n
}

// checkKey refuses a key that has other attributes than the table's two, or one
// that is not a non-empty string.
func checkKey(key item) error {
	if len(key) != 2 {
		return invalid("The provided key element does not match the schema")
	}
	return checkItemKeys(key)
}

// checkItemKeys refuses an item whose table or index keys AWS would refuse. An
// index key may be absent: the index is sparse.
func checkItemKeys(it item) error {
	for _, name := range []string{HashKey, RangeKey} {
		v, ok := it[name]
		switch {
		case !ok:
			return invalid("One or more parameter values were invalid: Missing the key %s in the item", name)
		case v == nil || v.S == nil:
			return invalid("One or more parameter values were invalid: Type mismatch for key %s expected: S", name)
		case *v.S == "":
			return invalid("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty string value. Key: %s", name)
		}
	}
	for _, name := range []string{OpenHashKey, OpenRangeKey} {
		if v, ok := it[name]; ok && (v == nil || v.S == nil || *v.S == "") {
			return invalid("One or more parameter values were invalid: Type mismatch or empty value for Index Key %s Expected: S IndexName: %s", name, OpenIndex)
		}
	}
	return nil
}
