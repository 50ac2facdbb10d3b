package inquiry

import (
	"slices"
	"time"

	"postern/portal/picture"
	"postern/portal/secret"
	"postern/storage"
)

// MaxPhotos is the maximum number of photos of a return.
const MaxPhotos = 5

// Photo is a photo of a return, as its request names it.
type Photo struct {
	Key    string `bson:"key" json:"-"` // of its StoredPhoto
	Width  int    `bson:"width" json:"width"`
	Height int    `bson:"height" json:"height"`
	Size   int    `bson:"size" json:"size"`       // in bytes
	URL    string `bson:"-" json:"url,omitempty"` // for the shop's system; set by package api
}

// StoredPhoto is a photo with its preview, both JPEG files that package picture has made. It is written
// before the request that names it. Until the sweep has seen that request, it has a time at which it goes.
type StoredPhoto struct {
	Customer  string    `bson:"customer"`
	Order     string    `bson:"order"`
	Request   string    `bson:"request"`
	Number    int       `bson:"number"` // within the request, from 1
	JPEG      []byte    `bson:"jpeg"`
	Preview   []byte    `bson:"preview"`
	Unclaimed time.Time `bson:"unclaimed_until,omitempty"`
}

// The indexes of photos.
const (
	PhotosByCustomer = "customer"
	PhotosUnclaimed  = "unclaimed"
)

// PhotoCollection declares the collection of photos.
func PhotoCollection() storage.Collection {
	return storage.Collection{Name: "photos", Indexes: []storage.Index{
		{Name: PhotosByCustomer, Fields: []storage.Field{{Path: "customer", Kind: storage.String}}},
		{Name: PhotosUnclaimed, Fields: []storage.Field{{Path: "unclaimed_until", Kind: storage.Time}}},
	}}
}

// PhotoDocs opens the photos of a shop.
func PhotoDocs(engine storage.Engine, shop string) storage.Docs[StoredPhoto] {
	return storage.Open[StoredPhoto](engine, shop, PhotoCollection())
}

// PhotoKey returns the key of a photo: it depends on the content, so that a form sent twice stores each
// photo once, and two different forms under one id never overwrite each other's.
func PhotoKey(request, customer string, photo picture.Image) string {
	return request + "-" + secret.Hash(customer + "\x00" + string(photo.Data))[:22]
}

// PhotoKeyOf returns the key of the photo with a number, from 1, or "" if there is none.
func (in Inquiry) PhotoKeyOf(number int) string {
	if number < 1 || number > len(in.Photos) {
		return ""
	}
	return in.Photos[number-1].Key
}

// PhotoNumber returns the number of the photo with a key, from 1, or 0 if the request does not name it.
func (in Inquiry) PhotoNumber(key string) int {
	return 1 + slices.IndexFunc(in.Photos, func(p Photo) bool { return p.Key == key })
}
