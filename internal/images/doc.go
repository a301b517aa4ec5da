// Package images makes previews of images that strangers sent.
//
// A preview is made of pixels only: the image is decoded and written anew, so
// nothing else that the file carried (EXIF with places and names, colour
// profiles, text, scripts, a second file behind the first) is in it. Dimensions
// are read and bounded before pixels are decoded, and one image is decoded at a
// time, so that memory is bounded too.
package images
