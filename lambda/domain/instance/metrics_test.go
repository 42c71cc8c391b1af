package instance_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"crashcart/lambda/domain/instance"
)

var noon = time.Date(2026, time.March, 2, 12, 0, 0, 0, time.UTC)

// pointsAt are periods that begin so many minutes after noon. Their values are 0, 1, ...
func pointsAt(minutes ...int) []instance.Point {
	var out []instance.Point
	for n, m := range minutes {
		out = append(out, instance.Point{At: noon.Add(time.Duration(m) * time.Minute), Value: float64(n)})
	}
	return out
}

func valued(values ...float64) []instance.Point {
	var out []instance.Point
	for n, v := range values {
		out = append(out, instance.Point{At: noon.Add(time.Duration(n) * time.Minute), Value: v})
	}
	return out
}

// A period too many at either end is one of another time: of the stillness in the baseline,
// or the other way round.
func TestAPeriodOutsideNeverLiesBetween(t *testing.T) {
	points := pointsAt(0, 1, 2, 5, 6)
	for name, tt := range map[string]struct {
		points   []instance.Point
		from, to time.Duration
		want     []instance.Point
	}{
		"all":                             {points, -time.Hour, time.Hour, points},
		"the first begins at from":        {points, 0, time.Hour, points},
		"the last begins at to":           {points, 0, 6 * time.Minute, points[:4]},
		"the last begins just before to":  {points, 0, 6*time.Minute + time.Nanosecond, points},
		"the first began just before":     {points, time.Nanosecond, time.Hour, points[1:]},
		"one":                             {points, 2 * time.Minute, 3 * time.Minute, points[2:3]},
		"within a hole":                   {points, 3 * time.Minute, 5 * time.Minute, nil},
		"around a hole":                   {points, 2 * time.Minute, 6 * time.Minute, points[2:4]},
		"all before":                      {points, time.Hour, 2 * time.Hour, nil},
		"all after":                       {points, -2 * time.Hour, -time.Hour, nil},
		"no time":                         {points, time.Minute, time.Minute, nil},
		"to is before from":               {points, 5 * time.Minute, time.Minute, nil},
		"to is long before from":          {points, 2 * time.Hour, -time.Hour, nil},
		"nothing published":               {nil, -time.Hour, time.Hour, nil},
		"nothing published, the reversed": {nil, time.Hour, -time.Hour, nil},
	} {
		got := instance.Between(tt.points, noon.Add(tt.from), noon.Add(tt.to))
		if len(got) != len(tt.want) || len(got) > 0 && !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %v, want %v", name, got, tt.want)
		}
	}
}

// A moment is the same in every time zone.
func TestAPeriodIsNeverMissedForItsTimeZone(t *testing.T) {
	points := pointsAt(0, 1, 2)
	there := time.FixedZone("there", -5*3600)
	if got := instance.Between(points, noon.In(there), noon.Add(2*time.Minute).In(there)); !reflect.DeepEqual(got, points[:2]) {
		t.Errorf("%v", got)
	}
}

// The median of a disk that is written in fewer than half of its minutes is 0, and of an
// even number of values it is the lower: it must not be higher than what was seen.
func TestTheMedianNeverHasHalfOfTheValuesBelowIt(t *testing.T) {
	for _, tt := range []struct {
		values []float64
		want   float64
	}{
		{nil, 0},
		{[]float64{7}, 7},
		{[]float64{9, 1}, 1},
		{[]float64{9, 1, 4}, 4},
		{[]float64{9, 4, 1, 5}, 4},
		{[]float64{0, 0, 0, 40, 900}, 0},
		{[]float64{0, 0, 40, 40}, 0},
		{[]float64{0, 0, 40, 40, 40}, 40},
		{[]float64{3, 3, 3}, 3},
		{[]float64{1e9, 2, 1, 3, 2}, 2},
	} {
		if got := instance.Median(valued(tt.values...)); got != tt.want {
			t.Errorf("the median of %v is %v, want %v", tt.values, got, tt.want)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		values := make([]float64, 1+random.IntN(20))
		for n := range values {
			values[n] = float64(random.IntN(8))
		}
		median, below, above := instance.Median(valued(values...)), 0, 0
		for _, v := range values {
			if v < median {
				below++
			}
			if v > median {
				above++
			}
		}
		if !slices.Contains(values, median) || 2*below >= len(values) || 2*above > len(values) {
			t.Errorf("the median of %v is %v", values, median)
		}
	}
}

// The points are shared by all vitals.
func TestTheMedianNeverSortsThePointsThemselves(t *testing.T) {
	points := valued(9, 1, 4)
	if instance.Median(points); !reflect.DeepEqual(points, valued(9, 1, 4)) {
		t.Errorf("they are %v now", points)
	}
}
