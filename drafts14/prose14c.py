p='/work/main/chapters/14_cyclegan.py'; s=open(p).read()
def rep(a,b,n=1):
    global s
    assert s.count(a)==n,(a,s.count(a)); s=s.replace(a,b)
rep('So it judges textures and edges rather than the whole garment.','A patch has 18 by 18 pixels, which is more than half of the height of a garment. (The authors\' patches have 70 by 70 pixels of 256 by 256.)')
rep('''The two games alone would not give a translation. $G$ could turn every T-shirt into some perfect pullover that has nothing to do with it.''','''The two games alone would not guarantee a translation. $G$ could turn every T-shirt into some perfect pullover that has nothing to do with it.''')
rep('''The authors use it for some of their tasks, with a weight of 5<!-- setting -->. We take 1<!-- setting -->, because in short trials (one each) more T-shirts became pullovers with it, and come back to this weight at the end.''','''The authors use it for some of their tasks, with a weight of 5<!-- setting -->. We take 1<!-- setting -->, and come back to this weight at the end.''')
rep('''This is meant to keep the two players from chasing each other. We test below whether it helps.''','''This is meant to keep the two players from chasing each other. We test below whether it helps. (With their batches of one image, the pool reaches back about a hundred steps. With our batches of 16<!-- setting --> it is only about six.)''')
rep('''# ## The image pool and the training step
''','''# We deviate from the paper in some points, to save time: a direct connection from the input to the last layer, batches of 16<!-- setting --> images instead of 1, a learning rate of 0.001<!-- setting --> instead of 0.0002, which falls slowly at first instead of after half of the training, and fewer layers in both kinds of networks.
#
# ## The image pool and the training step
''')
rep('''and we will see it fail in two ways that its loss does not show.''','''and look for failures that its loss does not show.''')
open(p,'w').write(s)
