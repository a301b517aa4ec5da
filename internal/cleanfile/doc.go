// Package cleanfile writes files anew without what tells who made them, when
// and where: a stranger who reports something need not know what a picture or a
// document carries.
//
// Pictures (PNG, JPEG, GIF, WebP) are written from their pixels. Documents of
// Office (docx, xlsx, pptx) and OpenDocument (odt, ods, odp, odg) are unpacked,
// rid of properties, thumbnails, printer settings, revision marks and the names
// and dates of comments and changes, and packed again with no times; every
// picture in them is written anew as well. Plain text passes as it is. Whatever
// else, or odd in any way, is refused with [ErrCannotClean] and a sentence for
// the sender: PDF because nothing here can promise that a PDF tells nothing
// (names stand in its properties, in every earlier version that it keeps, in
// its pictures and in its notes), documents with macros or embedded programs,
// encrypted documents, captures of network traffic.
//
// What a reader of the file sees is not changed: a name that is written in the
// text stays there, but for fields that a program filled in with its user's name
// and the names with which Excel begins comments. Nor does cleaning hide the
// noise of a camera's sensor or somebody's way of writing.
//
// The kind of a file is read from its bytes; a name or media type that says
// otherwise is not believed. Bytes, entries, unpacked size, nesting and pixels
// are bounded by [Limits], so time is too.
package cleanfile
