package order

import (
	"strconv"
	"time"

	"postern/portal/validate"
)

// Download is a file that the customer bought.
type Download struct {
	Line  string     `bson:"line,omitempty"` // the line's id, or ""
	Name  string     `bson:"name"`
	URL   string     `bson:"url"`
	Until *time.Time `bson:"until,omitempty"` // nil for ever
	Left  *int64     `bson:"left,omitempty"`  // how often it can still be fetched; nil for any number
}

type downloadWire struct {
	Line  string           `json:"line,omitzero"`
	Name  string           `json:"name,omitzero"`
	URL   string           `json:"url"`
	Until validate.Time    `json:"until,omitzero"`
	Left  *validate.Number `json:"left,omitzero"`
}

// download reads a download. Without a link it is nothing, so it is dropped with the warning about its link.
func (w downloadWire) download(f *validate.Validator, at string) Download {
	d := Download{
		Line: f.Key(at+"/line", w.Line, validate.MaxWord),
		Name: f.Cut(at+"/name", w.Name, validate.MaxName),
		URL:  f.FedLink(at+"/url", w.URL),
	}
	until, day := f.FedDay(at+"/until", w.Until)
	if day != "" { // all of it
		*until = until.Add(12*time.Hour - time.Second)
	}
	d.Until = until
	if w.Left != nil {
		d.Left = f.Count(at+"/left", *w.Left)
	}
	return d
}

func (d Download) wire() downloadWire {
	w := downloadWire{Line: d.Line, Name: d.Name, URL: d.URL, Until: wireTime(d.Until)}
	if d.Left != nil {
		left := validate.Number(strconv.FormatInt(*d.Left, 10))
		w.Left = &left
	}
	return w
}

// LocksDownloads reports whether the files are withheld: the customer has not paid, or got the money back.
func (o Order) LocksDownloads() bool {
	return o.Status.Unpaid() || o.Status.Cancelled() || o.Status.RefundedUnsent()
}

// digital returns the value of Status.Digital.
func (o Order) digital() string {
	switch {
	case !o.IsDigital:
		return ""
	case len(o.Downloads) > 0 && !o.LocksDownloads():
		return DigitalReady
	}
	return DigitalOrder
}
