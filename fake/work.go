package fake

// Work picks the calls that m picks and, in assert.Before, assert.Overlapping and assert.NeverConcurrent, lets them last until the
// operation that they started has ended, rather than until they were answered:
//
//	assert.NeverConcurrent(t, cloud, fake.Work(fake.ImageUpdate), fake.ImageDelete)
//
// fails if a Delete arrives while an Update is at work. Where the answer that named the operation was lost, nothing connects it with
// the call, which then ends with its answer; so does one whose operation is no longer in the state of the server. Where it only
// matters which calls are picked, in a fault or a plan, Work(m) is m.
func Work(m Matcher) Matcher {
	if m == nil {
		return impossible("the work of a nil matcher", "Work is made of a nil matcher")
	}
	j := m.judging()
	judge := j.judge
	j.judge = func(c *Call) Verdict {
		v := judge(c)
		v.ToTheEnd = v.Picked
		return v
	}
	return &matcher{j, m.String() + " (until its operation ends)"}
}
