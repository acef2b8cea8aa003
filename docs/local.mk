# docs/: what people read. Manual pages go into dist_man_MANS, everything else into
# dist_doc_DATA, which is installed beside them.

dist_man_MANS = docs/kadens.1
dist_doc_DATA = \
	docs/administrator.md \
	docs/format.md \
	docs/language.md
