# Over the screens: what closing means, keys.
close-title = Close Tegata?
close-body-tray = In the background, Tegata keeps receiving requests. Once you quit, you learn of none.
close-body-no-tray = Once you quit, you learn of no requests. This computer shows no icon from which a hidden Tegata could be opened.
close-remember = Do this every time
close-hide = Keep running
close-quit = Quit
close-stay = Stay here

keys-title = Keyboard
keys-lead = No key answers a request.
keys-next = Next in the list
keys-previous = Previous in the list
keys-open = Open
keys-search = Search the history
keys-lock = Lock Tegata
keys-sheet = Show this list
keys-close = Close
