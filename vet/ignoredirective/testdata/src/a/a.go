package a

import _ "weak"

var (
	a = 0 //weakvet:ignore cleanupself a reason
	b = 0 //weakvet:ignore cleanupself,weakvalue a reason
	c = 0 /* x */ //weakvet:ignore // want `this comment ignores nothing; write //weakvet:ignore NAME reason`
	d = 0 //weakvet:ignore cleanupself // want `this comment has no reason and ignores nothing; write //weakvet:ignore cleanupself reason`
	e = 0 //weakvet:ignore cleanupslef a reason // want `there is no check called "cleanupslef"`
	f = 0 //weakvet:ignored cleanupself
	g = 0 // weakvet:ignore
	h = 0 //weakvet:ignore	weakvalue	with tabs
)
