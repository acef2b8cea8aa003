# docs/: what people read. Manual pages go into dist_man_MANS, everything else into
# dist_doc_DATA, which is installed beside them.

dist_man_MANS = docs/kadens.1 docs/kadens-witness.1
dist_doc_DATA = \
	docs/administrator.md \
	docs/errors.md \
	docs/format.md \
	docs/language.md \
	docs/operations.md \
	docs/serve.conf.example

# The unit of the service, with the path that the program is installed at.
systemdunitdir = $(prefix)/lib/systemd/system
nodist_systemdunit_DATA = docs/kadens.service
EXTRA_DIST += docs/kadens.service.in
CLEANFILES += docs/kadens.service
docs/kadens.service: docs/kadens.service.in Makefile
	$(AM_V_GEN)$(MKDIR_P) docs && \
	sed 's|@bindir[@]|$(bindir)|g' $(srcdir)/docs/kadens.service.in >$@-t && mv $@-t $@

# Highlighting for editors. Two of the files are made from the table of words: `make editors` after
# a change there, which works in the source tree; tests/cli/editors.bats holds them together.
editorsdir = $(pkgdatadir)
nobase_dist_editors_DATA = \
	docs/editors/README.md \
	docs/editors/vim/ftdetect/kadens.vim \
	docs/editors/vim/ftplugin/kadens.vim \
	docs/editors/vim/syntax/kadens.vim \
	docs/editors/vscode/language-configuration.json \
	docs/editors/vscode/package.json \
	docs/editors/vscode/syntaxes/kadens.tmLanguage.json
EXTRA_DIST += docs/editors/editors.awk

.PHONY: editors
editors:
	cd $(srcdir) && \
	LC_ALL=C $(AWK) -v editor=vim -f docs/editors/editors.awk dsl/words.def \
	  > docs/editors/vim/syntax/kadens.vim && \
	LC_ALL=C $(AWK) -v editor=vscode -f docs/editors/editors.awk dsl/words.def \
	  > docs/editors/vscode/syntaxes/kadens.tmLanguage.json

# docs/errors.md, made from the tables of messages; test_dsl_diag holds it to them.
EXTRA_PROGRAMS += docs/errors_page
docs_errors_page_LDADD = $(DSL_LIBS)
.PHONY: errors
errors: docs/errors_page$(EXEEXT)
	./docs/errors_page$(EXEEXT) >$(srcdir)/docs/errors.md-t
	mv $(srcdir)/docs/errors.md-t $(srcdir)/docs/errors.md
