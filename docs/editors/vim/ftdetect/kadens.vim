" Other programs have files of this name: a policy is told by its first declaration.
au BufNewFile,BufRead *.rules if search('^policy\s\+\k', 'nw') > 0 | set filetype=kadens | endif
