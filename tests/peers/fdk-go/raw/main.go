// Echo on fdk-go: checks that the body is one JSON value and sends its text back.
package main

import (
	"context"
	"encoding/json"
	"io"

	fdk "github.com/fnproject/fdk-go"
)

func main() {
	fdk.Handle(fdk.HandlerFunc(echo))
}

func echo(_ context.Context, in io.Reader, out io.Writer) {
	var value json.RawMessage
	if err := json.NewDecoder(in).Decode(&value); err != nil {
		fdk.WriteStatus(out, 400)
		return
	}
	fdk.SetHeader(out, "Content-Type", "application/json")
	// The writer is a buffer in memory: it cannot fail.
	_ = json.NewEncoder(out).Encode(value)
}
