package plain

// MadeByAnother is the description of what another client makes between two calls of the code under test, as the rivals of package
// scenario do. Package assert does not hold the code to account for it.
const MadeByAnother = "made by another client"
