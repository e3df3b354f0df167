package irrelevant

var a = 0 //weakvet:ignore
