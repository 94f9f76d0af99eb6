# Memory: planned and measured
# Planned: computed before anything runs. Peak: resident memory of loading, building and running above the program's start; one measurement each (n = 1), no interval.
# Records: mini.jsonl; commit 0123456789ab, machine 89abcdef (Example CPU)
# Made by: spinebench report mini.jsonl -o DIR
# 'gnuplot memory.gp' in this folder draws memory.png
if (!exists('px')) {
    px = 0.75
    set terminal pngcairo size 720,278 font 'DejaVu Sans,9'
    set output 'memory.png'
}
set encoding utf8
set border 3 linecolor rgb '#666666' linewidth 0.8
set tics textcolor rgb '#222222'
unset key
set multiplot
set label 'Memory: planned and measured' at screen 0.01667, screen 0.92446 noenhanced font sprintf('DejaVu Sans:Bold,%g', 12 * px) textcolor rgb '#000000'
set label 'Planned: computed before anything runs. Peak: resident memory of loading, building and running above the program''s start; one' at screen 0.01667, screen 0.15827 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set label 'measurement each (n = 1), no interval.' at screen 0.01667, screen 0.10791 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set label 'Records: mini.jsonl; commit 0123456789ab, machine 89abcdef (Example CPU). Made by: spinebench report mini.jsonl -o DIR' at screen 0.01667, screen 0.05755 noenhanced font sprintf(',%g', 10 * px) textcolor rgb '#555555'
set object rectangle from screen 0.01667, screen 0.83153 to screen 0.04722, screen 0.87110 front fillcolor rgb '#0072b2' fillstyle solid noborder
set label 'weights, planned' at screen 0.05417, screen 0.85132 noenhanced
set object rectangle from screen 0.21927, screen 0.83153 to screen 0.24983, screen 0.87110 front fillcolor rgb '#56b4e9' fillstyle solid noborder
set label 'activation arena, planned' at screen 0.25677, screen 0.85132 noenhanced
set object rectangle from screen 0.49296, screen 0.83153 to screen 0.52352, screen 0.87110 front fillcolor rgb '#009e73' fillstyle solid noborder
set label 'workspace, planned' at screen 0.53046, screen 0.85132 noenhanced
set object rectangle from screen 0.01667, screen 0.77038 to screen 0.04722, screen 0.80995 front fillcolor rgb '#d55e00' fillstyle solid noborder
set label 'peak, measured (x planned)' at screen 0.05417, screen 0.79017 noenhanced

# Memory: planned and measured
set lmargin at screen 0.07598
set rmargin at screen 0.96111
set tmargin at screen 0.71942
set bmargin at screen 0.35252
unset logscale x
set xrange [0 :2.04563140869141 ]
set xtics scale 0.6 nomirror ('0.0' 0 , '0.5' 0.5 , '1.0' 1 , '1.5' 1.5 , '2.0' 2 ) noenhanced
set xlabel 'Memory [MiB], planned and measured' noenhanced
unset logscale y
set yrange [1.5 :-0.5 ]
set ytics scale 0 nomirror ('tiny-a' 0 , 'tiny-b' 1 ) noenhanced
set ylabel '' noenhanced
set grid xtics noytics linetype 1 linewidth 0.6 linecolor rgb '#e2e2e2' back
set label '0.381' at 0.19073486328125 , -0.2  center front noenhanced textcolor rgb '#ffffff'
set label '0.572' at 0.286102294921875 , 0.8  center front noenhanced textcolor rgb '#ffffff'
set label '0.477' at 0.619888305664062 , -0.2  center front noenhanced textcolor rgb '#000000'
set label '0.715' at 0.929832458496094 , 0.8  center front noenhanced textcolor rgb '#000000'
set label '0.954 MiB' at screen 0.49696, screen 0.66439 left front noenhanced textcolor rgb '#000000'
set label '1.05 MiB, 1.100 x' at screen 0.53823, screen 0.59101 left front noenhanced textcolor rgb '#000000'
set label '1.38 MiB' at screen 0.68265, screen 0.48094 left front noenhanced textcolor rgb '#000000'
set label '1.57 MiB, 1.138 x' at screen 0.76518, screen 0.40755 left front noenhanced textcolor rgb '#000000'
plot 'memory.dat' index 0 using 1:2:3:4:5:6 with boxxyerror fillstyle solid border rgb '#ffffff' linecolor rgb '#0072b2' notitle, \
     'memory.dat' index 1 using 1:2:3:4:5:6 with boxxyerror fillstyle solid border rgb '#ffffff' linecolor rgb '#56b4e9' notitle, \
     'memory.dat' index 2 using 1:2:3:4:5:6 with boxxyerror fillstyle solid border rgb '#ffffff' linecolor rgb '#009e73' notitle, \
     'memory.dat' index 3 using 1:2:3:4:5:6 with boxxyerror fillstyle solid border rgb '#ffffff' linecolor rgb '#d55e00' notitle
unset label
unset object
unset arrow

unset multiplot
