package seal

// SealWith seals the one plaintext that a key is for, without deriving further
// keys from it: an entry or a file has its own.
func SealWith(key [KeySize]byte, plaintext, aad []byte) []byte {
	return seal(newGCM(key), plaintext, aad)
}

// OpenWith opens what [SealWith] sealed, or returns [ErrOpen].
func OpenWith(key [KeySize]byte, sealed, aad []byte) ([]byte, error) {
	return open(newGCM(key), sealed, aad)
}
