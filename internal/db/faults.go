package db

import "sync/atomic"

// Faults lets a test fail one store call in two ways: before it happens
// ("not persisted, and an error") and after ("persisted, and an error"), as
// T-24 asks. Outside tests it is empty and costs one load.
type Faults struct {
	hook atomic.Pointer[func(stmt string, after bool) error]
}

// Set installs the hook; nil removes it.
func (f *Faults) Set(hook func(stmt string, after bool) error) {
	if hook == nil {
		f.hook.Store(nil)
		return
	}
	f.hook.Store(&hook)
}

func (f *Faults) before(stmt string) error { return f.call(stmt, false) }
func (f *Faults) after(stmt string) error  { return f.call(stmt, true) }

func (f *Faults) call(stmt string, after bool) error {
	if h := f.hook.Load(); h != nil {
		return (*h)(stmt, after)
	}
	return nil
}

// Faults is where a test makes store calls fail.
func (d *DB) Faults() *Faults { return &d.faults }
