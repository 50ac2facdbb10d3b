package picture

import (
	"image"

	"golang.org/x/image/draw"
)

// fit returns the largest size within the box that keeps the aspect ratio and does not exceed the original.
func fit(size, box image.Point) image.Point {
	if size.X <= box.X && size.Y <= box.Y {
		return size
	}
	if size.X*box.Y > size.Y*box.X {
		return image.Pt(box.X, max(1, (size.Y*box.X+size.X/2)/size.X))
	}
	return image.Pt(max(1, (size.X*box.Y+size.Y/2)/size.Y), box.Y)
}

// shrink redraws the image at a size that fits the box.
func shrink(picture image.Image, box image.Point) *image.NRGBA {
	from := picture.Bounds()
	to := image.NewNRGBA(image.Rectangle{Max: fit(from.Size(), box)})
	if to.Bounds().Size() == from.Size() {
		draw.Draw(to, to.Bounds(), picture, from.Min, draw.Src)
	} else {
		draw.CatmullRom.Scale(to, to.Bounds(), picture, from, draw.Src, nil)
	}
	return to
}
