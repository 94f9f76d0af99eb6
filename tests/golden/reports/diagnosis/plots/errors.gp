# What each kind of error costs
# AP50 gained when all errors of a kind are fixed (TIDE); whiskers: 95 % interval, bootstrap over images. Cls: wrong class, Loc: badly placed, Both, Dupe: object taken, Bkg: on nothing, Miss: object not found, FalsePos: all wrong detections, FalseNeg: all objects not found rightly. first on gt.json, n = 3 images. n of first: Cls 1, Loc 0, Both 0, Dupe 1, Bkg 1, Miss 0.
# Records: diagnosis.jsonl; commit 0123456789ab, machine 89abcdef (Example CPU)
# Made by: spinebench report diagnosis.jsonl -o DIR
# 'gnuplot errors.gp' in this folder draws errors.png
if (!exists('px')) {
    px = 0.75
    set terminal pngcairo size 720,416 font 'DejaVu Sans,9'
    set output 'errors.png'
}
set encoding utf8
set border 3 linecolor rgb '#666666' linewidth 0.8
set tics textcolor rgb '#222222'
unset key
set multiplot
set label 'What each kind of error costs' at screen 0.01667, screen 0.94952 noenhanced font sprintf('DejaVu Sans:Bold,%g', 12 * px) textcolor rgb '#000000'
set label 'AP50 gained when all errors of a kind are fixed (TIDE); whiskers: 95 % interval, bootstrap over images. Cls: wrong class, Loc: badly' at screen 0.01667, screen 0.13942 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set label 'placed, Both, Dupe: object taken, Bkg: on nothing, Miss: object not found, FalsePos: all wrong detections, FalseNeg: all objects not found' at screen 0.01667, screen 0.10577 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set label 'rightly. first on gt.json, n = 3 images. n of first: Cls 1, Loc 0, Both 0, Dupe 1, Bkg 1, Miss 0.' at screen 0.01667, screen 0.07212 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set label 'Records: diagnosis.jsonl; commit 0123456789ab, machine 89abcdef (Example CPU). Made by: spinebench report diagnosis.jsonl -o DIR' at screen 0.01667, screen 0.03846 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set object rectangle from screen 0.01667, screen 0.88742 to screen 0.04722, screen 0.91386 front fillcolor rgb '#0072b2' fillstyle solid noborder
set label 'first' at screen 0.05417, screen 0.90064 noenhanced
set arrow from screen 0.10896, screen 0.90064 to screen 0.13951, screen 0.90064 nohead front linewidth 1.6 linecolor rgb '#000000'
set label '95 % interval' at screen 0.14646, screen 0.90064 noenhanced

# What each kind of error costs
set lmargin at screen 0.07814
set rmargin at screen 0.96111
set tmargin at screen 0.85337
set bmargin at screen 0.22837
unset logscale x
set xrange [-0.5 :7.5 ]
set xtics scale 0 nomirror ('Cls' 0 , 'Loc' 1 , 'Both' 2 , 'Dupe' 3 , 'Bkg' 4 , 'Miss' 5 , 'FalsePos' 6 , 'FalseNeg' 7 ) noenhanced
set xlabel '' noenhanced
unset logscale y
set yrange [0 :60.2436358635863 ]
set ytics scale 0.6 nomirror ('0' 0 , '20' 20 , '40' 40 , '60' 60 ) noenhanced
set ylabel 'AP50 gained [points], measured' noenhanced
set grid noxtics ytics linetype 1 linewidth 0.6 linecolor rgb '#e2e2e2' back
set label '22.0' at screen 0.11213, screen 0.81698 left front noenhanced textcolor rgb '#000000'
set label '0.0' at screen 0.22780, screen 0.24880 left front noenhanced textcolor rgb '#000000'
set label '0.0' at screen 0.33817, screen 0.24880 left front noenhanced textcolor rgb '#000000'
set label '0.0' at screen 0.44854, screen 0.24880 left front noenhanced textcolor rgb '#000000'
set label '22.3' at screen 0.55361, screen 0.63003 left front noenhanced textcolor rgb '#000000'
set label '0.0' at screen 0.66929, screen 0.24880 left front noenhanced textcolor rgb '#000000'
set label '5.5' at screen 0.77966, screen 0.35940 left front noenhanced textcolor rgb '#000000'
set label '16.5' at screen 0.88473, screen 0.65760 left front noenhanced textcolor rgb '#000000'
plot 'errors.dat' index 0 using 1:2:3:4:5:6 with boxxyerror fillstyle solid border rgb '#ffffff' linecolor rgb '#0072b2' notitle, \
     'errors.dat' index 1 using 1:5:(0):($6-$5) with vectors heads size screen 0.004,90 linecolor rgb '#000000' notitle
unset label
unset object
unset arrow

unset multiplot
