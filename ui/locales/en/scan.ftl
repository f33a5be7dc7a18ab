# Reading a code from a picture or the camera.
scan-title = Read the code
scan-drop = Drop a picture of the code here, or paste one.
scan-choose = Choose a picture
scan-reading = One moment…
scan-camera = Use the camera
scan-camera-off = Turn the camera off
scan-camera-view = Picture of the camera
scan-camera-hint = Hold the code in front of the camera.
scan-cancel = Cancel
scan-no-code = No code was found in that picture. All of the code has to be in it, straight and sharp.
scan-not-a-picture = This is not a picture that can be read here. A screenshot works best.
scan-too-large = That picture is too large. Cut out the code and try again.
scan-camera-refused = The camera was not allowed. Allow it in this computer’s settings, or use a picture.
scan-camera-missing = No camera was found. Use a picture instead.
scan-camera-failed = The camera gives no picture. Another app may be using it. Close that app, or use a picture.
