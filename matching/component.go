package matching

// Component is what a statement calls the component that a finding is about by; ""
// if it is about the product as a whole. See [NewSaying].
func (f Finding) Component() string {
	if f.Kind != ofComponent {
		return ""
	}
	return componentKey(f.Part)
}
