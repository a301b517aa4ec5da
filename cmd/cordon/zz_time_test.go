package main
import ("testing";"time")
func TestZZ(t *testing.T){ b:=time.Now(); furnished(t); t.Log(time.Since(b)) }
