package world

// StillScreens is the share of hosts whose screen does not show that they restart.
const StillScreens = stillScreens
