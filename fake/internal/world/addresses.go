package world

import (
	"cmp"
	"fmt"
	"net/netip"
	"strconv"

	"github.com/imagefake/imagefake/fake/internal/store"
	compute "github.com/yandex-cloud/go-genproto/yandex/cloud/compute/v1"
)

// completeInterface gives a network interface the addresses that nobody asked for by value [choice]: inside, those of its subnet, if
// that is known; outside, those that are set aside for documentation.
func (w *World) completeInterface(nic *compute.NetworkInterface, of *store.Resource, index int) {
	nic.Index = cmp.Or(nic.Index, strconv.Itoa(index))
	n := Number(w.Seed, "address of "+of.ID, uint64(index))
	nic.MacAddress = fmt.Sprintf("d0:0d:%02x:%02x:%02x:%02x", byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
	v4 := nic.PrimaryV4Address
	if v4 == nil {
		return
	}
	if v4.Address == "" {
		v4.Address = hostIn(w.subnetPrefix(nic.SubnetId), uint32(of.Seq)<<2+uint32(index))
	}
	if nat := v4.OneToOneNat; nat != nil {
		if nat.Address == "" {
			nat.Address = fmt.Sprintf("203.0.113.%d", 1+(of.Seq+int64(index))%254)
		}
		nat.IpVersion = cmp.Or(nat.IpVersion, compute.IpVersion_IPV4)
	}
}

// subnetPrefix returns the addresses of a subnet of a neighbour, or those of a default one.
func (w *World) subnetPrefix(id string) netip.Prefix {
	usual := netip.MustParsePrefix("10.128.0.0/20")
	r := w.resources.Get(id)
	if r == nil {
		return usual
	}
	subnet, has := r.Message.(interface{ GetV4CidrBlocks() []string })
	if !has || len(subnet.GetV4CidrBlocks()) == 0 {
		return usual
	}
	prefix, err := netip.ParsePrefix(subnet.GetV4CidrBlocks()[0])
	if err != nil || !prefix.Addr().Is4() {
		return usual
	}
	return prefix.Masked()
}

// hostIn returns the n-th address of a prefix that a host can have: the first three a network keeps for itself.
func hostIn(prefix netip.Prefix, n uint32) string {
	const reserved = 3
	if size := uint64(1) << (32 - prefix.Bits()); size > reserved+1 {
		n = reserved + uint32(uint64(n)%(size-reserved-1))
	}
	b := prefix.Addr().As4()
	at := uint32(b[0])<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
	at += n
	return netip.AddrFrom4([4]byte{byte(at >> 24), byte(at >> 16), byte(at >> 8), byte(at)}).String()
}
