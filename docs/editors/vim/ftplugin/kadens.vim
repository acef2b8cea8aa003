if exists("b:did_ftplugin")
  finish
endif
let b:did_ftplugin = 1

setlocal comments=:# commentstring=#\ %s
setlocal expandtab shiftwidth=4 softtabstop=4 textwidth=100
setlocal formatoptions-=t
" :make checks the file and goes to the first message; gq and = lay it out.
setlocal makeprg=kadens\ rules\ check\ %:S
setlocal errorformat=%f:%l:%c:\ %t%*[^:]:\ %m,%-G%.%#
setlocal equalprg=kadens\ rules\ fmt\ -
let b:undo_ftplugin = "setl com< cms< et< sw< sts< tw< fo< mp< efm< ep<"
