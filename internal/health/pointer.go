package health

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// tokens are those of a JSON pointer, RFC 6901 sections 3 and 4.
func tokens(pointer string) ([]string, error) {
	if pointer == "" {
		return nil, nil
	}
	rest, ok := strings.CutPrefix(pointer, "/")
	if !ok {
		return nil, errors.New(`it does not begin with "/"`)
	}
	list := strings.Split(rest, "/")
	for i, t := range list {
		if strings.Contains(strings.NewReplacer("~0", "", "~1", "").Replace(t), "~") {
			return nil, fmt.Errorf("the escape in %q is none", clip(t))
		}
		list[i] = strings.NewReplacer("~1", "/", "~0", "~").Replace(t)
	}
	return list, nil
}

// lookUp is what a document has at a pointer.
func lookUp(document any, pointer string) (any, bool) {
	list, err := tokens(pointer)
	if err != nil {
		return nil, false
	}
	for _, token := range list {
		switch v := document.(type) {
		case map[string]any:
			member, has := v[token]
			if !has {
				return nil, false
			}
			document = member
		case []any:
			i, err := strconv.Atoi(token)
			if err != nil || i < 0 || i >= len(v) || strconv.Itoa(i) != token {
				return nil, false
			}
			document = v[i]
		default:
			return nil, false
		}
	}
	return document, true
}

// plain is a value as it would be read from JSON.
func plain(v any) (read any, err error) {
	data, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(data, &read)
	}
	return read, err
}

// equalJSON compares a value that was read with one that is wanted, of any type that
// JSON has.
func equalJSON(got, want any) bool {
	want, err := plain(want)
	return err == nil && reflect.DeepEqual(got, want)
}

// written is a value for a message.
func written(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		return "a value"
	}
	return clip(string(data))
}
