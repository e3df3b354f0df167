module spec

go 1.26.0
