package portal

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"postern/portal/customer"
	"postern/portal/inquiry"
	"postern/portal/picture"
	"postern/portal/secret"
	"postern/portal/shop"
	"postern/portal/validate"
	"postern/storage"
)

// The limits on photos of one customer. Decoding one takes up to a second or two.
const (
	photosADay    = 60
	uploadsAnHour = 20
	// photoClaimTime is how long a photo stays without the request that names it. It is far longer than any
	// request takes.
	photoClaimTime = time.Hour
)

func (a *App) photoDocs(shop string) storage.Docs[inquiry.StoredPhoto] {
	return inquiry.PhotoDocs(a.engine, shop)
}

// BeginUpload counts a form with large files before it is received. More than 20 an hour are
// validate.TooMany.
func (s Shopper) BeginUpload(ctx context.Context) error {
	if err := s.requireOwn(); err != nil {
		return err
	}
	over, err := s.app.exceeded(ctx, []subjectLimit{s.limitOf("uploads", limit(uploadsAnHour, time.Hour))})
	if err == nil && over[0] {
		err = validate.NewError(validate.TooMany, "photo.too_many_uploads")
	}
	return err
}

// checkPhotos checks the files by their headers. Field errors are at "photos".
func (r Request) checkPhotos(f *validate.Validator) {
	if len(r.Photos) > inquiry.MaxPhotos {
		f.Reject("photos", "photo.many", "Most", strconv.Itoa(inquiry.MaxPhotos))
		return
	}
	for i, file := range r.Photos {
		if rejectPhoto(f, i, picture.CheckPhoto(file)) {
			return
		}
	}
}

// rejectPhoto reports the refusal of a photo at its field.
func rejectPhoto(f *validate.Validator, i int, err error) bool {
	var wrong *picture.Error
	if !errors.As(err, &wrong) {
		return false
	}
	f.Reject("photos", "photo."+string(wrong.Reason), "N", strconv.Itoa(i+1))
	return true
}

// photosHash returns what tells the photos of a form from others; "" for none.
func (r Request) photosHash() string {
	var hashes string
	for _, file := range r.Photos {
		hashes += secret.Hash(string(file))
	}
	return hashes
}

// storePhotos re-encodes and stores the photos of a request that is about to be stored. If it is not, the
// sweep removes them. Nothing is stored if one of them is refused, whose field error is at "photos".
func (s Shopper) storePhotos(ctx context.Context, r Request) (named []inquiry.Photo, err error) {
	var stored []inquiry.StoredPhoto
	for i, file := range r.Photos {
		photo, preview, err := s.decodePhoto(ctx, file)
		f := &validate.Validator{}
		if rejectPhoto(f, i, err) {
			err = validate.InvalidFields(f.Rejected)
		}
		if err != nil {
			return nil, err
		}
		key := inquiry.PhotoKey(r.Form, s.customer.ID, photo)
		if slices.ContainsFunc(named, func(p inquiry.Photo) bool { return p.Key == key }) {
			continue // chosen twice
		}
		named = append(named,
			inquiry.Photo{Key: key, Width: photo.Width, Height: photo.Height, Size: len(photo.Data)})
		stored = append(stored, inquiry.StoredPhoto{Customer: s.customer.ID, Order: r.Number, Request: r.Form,
			Number: len(named), JPEG: photo.Data, Preview: preview.Data,
			Unclaimed: s.app.now().Add(photoClaimTime)})
	}
	for i, photo := range stored {
		_, err := s.app.photoDocs(s.shop.ID).Put(ctx, named[i].Key, func(p *inquiry.StoredPhoto, _ bool) error {
			*p = photo
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return named, nil
}

// decodePhoto counts a photo and re-encodes it as soon as no other one is being decoded, which takes up to
// 400 MB.
func (s Shopper) decodePhoto(ctx context.Context, file []byte) (photo, preview picture.Image, err error) {
	over, err := s.app.exceeded(ctx, []subjectLimit{s.limitOf("photos", limit(photosADay, 24*time.Hour))})
	if err == nil && over[0] {
		err = validate.NewError(validate.TooMany, "photo.too_many")
	}
	if err == nil {
		err = s.app.pictures.Acquire(ctx, 1)
	}
	if err != nil {
		return photo, preview, err
	}
	defer s.app.pictures.Release(1)
	return picture.Photo(file)
}

// ReturnPhoto returns a photo of one of the customer's returns, from number 1, or its preview. Anything else
// is validate.NotFound.
func (s Shopper) ReturnPhoto(ctx context.Context, order, request string, number int, preview bool) (
	[]byte, error) {
	in, _, err := s.app.inquiryDocs(s.shop.ID).Get(ctx, request)
	if err == nil && (!s.customer.Is(in.Customer) || in.Order != order) {
		err = storage.ErrNotFound
	}
	var photo inquiry.StoredPhoto
	if err == nil {
		photo, err = s.app.photo(ctx, s.shop.ID, in, number)
	}
	if preview {
		return photo.Preview, validate.NotFoundIfMissing(err)
	}
	return photo.JPEG, validate.NotFoundIfMissing(err)
}

// ReturnPhoto returns a photo of a customer's return, from number 1, or else validate.NotFound.
func (f Feed) ReturnPhoto(ctx context.Context, request string, number int) ([]byte, error) {
	in, _, err := f.app.inquiryDocs(f.shop.ID).Get(ctx, request)
	var photo inquiry.StoredPhoto
	if err == nil {
		photo, err = f.app.photo(ctx, f.shop.ID, in, number)
	}
	if errors.Is(err, storage.ErrNotFound) {
		err = validate.NewError(validate.NotFound, "photo.not_found")
	}
	return photo.JPEG, err
}

func (a *App) photo(ctx context.Context, shop string, in inquiry.Inquiry, number int) (
	inquiry.StoredPhoto, error) {
	key := in.PhotoKeyOf(number)
	if key == "" {
		return inquiry.StoredPhoto{}, storage.ErrNotFound
	}
	photo, _, err := a.photoDocs(shop).Get(ctx, key)
	return photo, err
}

// sweepPhotos removes the photos whose request was never stored, and no longer considers the others.
func (w Worker) sweepPhotos(ctx context.Context, shop shop.Shop) error {
	docs := w.app.photoDocs(shop.ID)
	query := storage.Query{Index: inquiry.PhotosUnclaimed, To: w.app.now().Add(time.Millisecond),
		Limit: sweepBatch}
	for {
		page, err := storage.Find[struct{}](ctx, docs, query)
		if err != nil {
			return err
		}
		for _, hit := range page.Hits {
			if err := w.claimPhoto(ctx, docs, shop, hit.Key); err != nil {
				return err
			}
		}
		if query.Cursor = page.Next; page.Next == "" {
			return nil
		}
	}
}

// claimPhoto keeps a photo for good if its request names it, and otherwise removes it.
func (w Worker) claimPhoto(ctx context.Context, docs storage.Docs[inquiry.StoredPhoto], shop shop.Shop,
	key string) error {
	photo, _, err := docs.Get(ctx, key)
	if err != nil {
		return ifFound(err)
	}
	in, _, err := w.app.inquiryDocs(shop.ID).Get(ctx, photo.Request)
	switch {
	case err != nil && !errors.Is(err, storage.ErrNotFound):
		return err
	case in.PhotoNumber(key) == 0:
		return removeIf(ctx, docs, key, func(p inquiry.StoredPhoto) bool {
			return !p.Unclaimed.IsZero() && !w.app.now().Before(p.Unclaimed)
		})
	}
	_, err = docs.Change(ctx, key, func(p *inquiry.StoredPhoto) error {
		p.Unclaimed, p.Number = time.Time{}, in.PhotoNumber(key)
		return nil
	})
	return ifFound(err)
}

// erasePhotos deletes all photos of a customer. It is safe to repeat, also after a crash.
func (w Worker) erasePhotos(ctx context.Context, shop shop.Shop, c customer.Customer) error {
	docs := w.app.photoDocs(shop.ID)
	for {
		page, err := storage.Find[struct{}](ctx, docs,
			storage.Query{Index: inquiry.PhotosByCustomer, Equal: []any{c.ID}, Limit: readBatch})
		if err != nil || len(page.Hits) == 0 {
			return err
		}
		for _, hit := range page.Hits { // one after the other: they are large
			if err := remove(ctx, docs, hit.Key); err != nil {
				return err
			}
		}
	}
}

// photoData is a photo in a download.
type photoData struct {
	Order   string `json:"order"`
	Request string `json:"request"`
	Number  int    `json:"number"`
	Type    string `json:"type"`
	Data    []byte `json:"data"` // in base64
}

// photos writes the photos of the customer's returns, one at a time.
func (x *export) photos(ctx context.Context) error {
	for _, id := range x.customer.IDs() {
		if err := x.photosOf(ctx, id); err != nil {
			return err
		}
	}
	return nil
}

func (x *export) photosOf(ctx context.Context, id string) error {
	docs := x.app.photoDocs(x.shop.ID)
	query := storage.Query{Index: inquiry.PhotosByCustomer, Equal: []any{id}, Limit: readBatch}
	for {
		page, err := storage.Find[struct{}](ctx, docs, query)
		if err != nil {
			return err
		}
		for _, hit := range page.Hits {
			p, _, err := docs.Get(ctx, hit.Key)
			if errors.Is(err, storage.ErrNotFound) {
				continue
			}
			if err == nil {
				err = json.MarshalEncode(x.out, photoData{p.Order, p.Request, p.Number, "image/jpeg", p.JPEG})
			}
			if err != nil {
				return err
			}
		}
		if query.Cursor = page.Next; query.Cursor == "" {
			return nil
		}
	}
}
