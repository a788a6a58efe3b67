package world

// Ids are a function of the seed, what is named and a running number: never of the clock or of chance, so that the same test
// gets the same ids every time. They look like the service's: 20 characters of 0-9 and a-v, the first three tell the place [seen].

const idAlphabet = "0123456789abcdefghijklmnopqrstuv"

// defaultPlace is the prefix of image ids, and of operations that run where no source disk says otherwise [seen].
const defaultPlace = "fd8"

// mix is the finalizer of SplitMix64: every input bit reaches every output bit.
func mix(x uint64) uint64 {
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

// Number returns the n-th number of a sequence that belongs to a seed and a kind. Sequences of different kinds are independent.
func Number(seed uint64, kind string, n uint64) uint64 {
	h := mix(seed + 0x9e3779b97f4a7c15)
	for i := range len(kind) {
		h = mix(h ^ uint64(kind[i])<<1 | 1)
	}
	return mix(h + n*0x9e3779b97f4a7c15)
}

// Nth returns the n-th number of a numbered sequence that belongs to a seed, as Number does for one with a name.
func Nth(seed, sequence, n uint64) uint64 {
	return mix(mix(seed+sequence*0x9e3779b97f4a7c15) + n*0xbf58476d1ce4e5b9)
}

// ID returns the n-th id of a kind, beginning with place.
func ID(place string, seed uint64, kind string, n uint64) string {
	id := make([]byte, 0, 20)
	id = append(id, place...)
	hi, lo := Number(seed, kind, n), Number(seed, kind+"'", n)
	for i := 0; len(id) < cap(id); i++ {
		if i == 12 { // twelve characters use up 60 bits
			hi = lo
		}
		id = append(id, idAlphabet[hi&31])
		hi >>= 5
	}
	return string(id)
}

func (w *World) newImageID() string {
	for {
		w.imageIDs++
		// A test may have seeded an image with the very id that comes next.
		if id := ID(defaultPlace, w.Seed, "image", uint64(w.imageIDs)); w.images.Get(id) == nil {
			return id
		}
	}
}

// placeOf returns the prefix of operations that work on a source disk: the disk's own if its id looks like the service's.
func placeOf(diskID string) string {
	if len(diskID) != 20 {
		return defaultPlace
	}
	for i := range len(diskID) {
		if c := diskID[i]; (c < '0' || c > '9') && (c < 'a' || c > 'v') {
			return defaultPlace
		}
	}
	return diskID[:3]
}
